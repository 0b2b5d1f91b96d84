/* Many WebSockets in one loop, and when each of them had which message.

   watch HOST PORT souk|sio FILE OUT EACH

   FILE: for each socket two records, each a length (uint32) and so many bytes: the request that
   asks for the upgrade, and the topic that is subscribed to (souk). OUT: what came, as records of
   {uint32 socket, uint32 kind, uint64 position, uint64 nanoseconds of CLOCK_MONOTONIC}; kind 1 is a
   change, 2 a snapshot, 3 a resumption, 4 whatever should not have come. EACH: of how many sockets
   one change is awaited before "whole <position>" is said; 0: it is not said.

   Says "ready <seconds>" when all sockets have what they subscribed to. Commands on the standard
   input: "cut" breaks all connections and makes them again, each after the last position that it
   has, and says "ready" again; "end" (or its end) writes OUT and stops. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 16384, EVENTS = 1024, RING = 4096, STDIN = 1 << 30 };
enum { CONNECTING, UPGRADING, SUBSCRIBING, READY, WAITING };

typedef struct {
  int fd, state, length;
  uint64_t last, again; /* the last position; when to connect again */
  char *head, *topic, *buffer;
  uint32_t head_length;
} Socket;

typedef struct {
  uint32_t socket, kind;
  uint64_t position, at;
} Record;

static struct sockaddr_in address;
static Socket *sockets;
static Record *records;
static size_t recorded, room;
static struct { uint64_t position; int count; } ring[RING];
static int number, ready, sio, each, loop, refused, lost, said, opening;
static uint64_t began;

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void die(const char *why) { perror(why); exit(2); }

static void note(Socket *s, uint32_t kind, uint64_t position) {
  if (recorded == room) {
    room = room ? room * 2 : 1 << 20;
    if (!(records = realloc(records, room * sizeof *records))) die("memory");
  }
  records[recorded++] = (Record){ (uint32_t)(s - sockets), kind, position, now() };
}

static void dial(Socket *s) {
  s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (s->fd < 0) die("socket");
  int one = 1;
  setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  s->state = CONNECTING;
  s->length = 0;
  s->again = 0;
  if (connect(s->fd, (void *)&address, sizeof address) < 0 && errno != EINPROGRESS) die("connect");
  struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = (uint32_t)(s - sockets) };
  epoll_ctl(loop, EPOLL_CTL_ADD, s->fd, &e);
}

/* Without lingering, as a network that breaks: nothing is left of it on this side. */
static void hang_up(Socket *s) {
  struct linger none = { 1, 0 };
  setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  close(s->fd);
  if (s->state == READY) ready--;
  if (s->state == UPGRADING || s->state == SUBSCRIBING || s->state == CONNECTING) opening--;
  s->state = WAITING;
}

static void later(Socket *s) {
  if (s->state == READY) lost++; else refused++;
  hang_up(s);
  s->again = now() + 100000000ull + (uint64_t)(rand() % 400) * 1000000ull;
}

/* Masked with zeros. */
static void frame(Socket *s, int opcode, const char *text, size_t length) {
  char f[1024];
  size_t h = 6;
  f[0] = (char)(0x80 | opcode);
  if (length < 126) { f[1] = (char)(0x80 | length); memset(f + 2, 0, 4); }
  else { f[1] = (char)0xfe; f[2] = (char)(length >> 8); f[3] = (char)length; memset(f + 4, 0, 4); h = 8; }
  memcpy(f + h, text, length);
  if (write(s->fd, f, h + length) != (ssize_t)(h + length)) later(s);
}

static void subscribe(Socket *s) {
  char text[512];
  int l = s->last
    ? snprintf(text, sizeof text, "{\"type\":\"subscribe\",\"topic\":\"%s\",\"after\":%llu}", s->topic, (unsigned long long)s->last)
    : snprintf(text, sizeof text, "{\"type\":\"subscribe\",\"topic\":\"%s\"}", s->topic);
  frame(s, 1, text, l);
}

static void come(Socket *s) {
  if (s->state == READY) return;
  s->state = READY;
  ready++;
  opening--;
}

static void whole(uint64_t position) {
  int at = position % RING;
  if (ring[at].position != position) { ring[at].position = position; ring[at].count = 0; }
  if (++ring[at].count == each) printf("whole %llu\n", (unsigned long long)position);
}

static uint64_t position_of(const char *text) {
  const char *p = strstr(text, "\"position\":");
  return p ? strtoull(p + 11, 0, 10) : 0;
}

static void changed(Socket *s, const char *text) {
  s->last = position_of(text);
  note(s, 1, s->last);
  if (each) whole(s->last);
}

static void souk_text(Socket *s, const char *text) {
  if (!strncmp(text, "{\"type\":\"change", 15)) { changed(s, text); return; }
  if (!strncmp(text, "{\"type\":\"hello\"", 15)) return;
  if (!strncmp(text, "{\"type\":\"snapshot\"", 18)) { s->last = position_of(text); note(s, 2, s->last); come(s); return; }
  if (!strncmp(text, "{\"type\":\"resumed\"", 17)) { note(s, 3, position_of(text)); come(s); return; }
  note(s, 4, 0);
  if (said++ < 5) fprintf(stderr, "socket %d: %.300s\n", (int)(s - sockets), text);
}

static void sio_text(Socket *s, const char *text) {
  if (text[0] == '0') frame(s, 1, "40", 2);
  else if (text[0] == '2') frame(s, 1, "3", 1);
  else if (!strncmp(text, "40", 2)) come(s);
  else if (!strncmp(text, "42", 2)) changed(s, text);
  else note(s, 4, 0);
}

static void take(Socket *s, int opcode, char *payload, size_t length) {
  if (opcode == 9) frame(s, 10, payload, length);
  else if (opcode == 8) { if (said++ < 5) fprintf(stderr, "closed: %d %.*s\n", length > 1 ? (payload[0] & 255) << 8 | (payload[1] & 255) : 0, (int)(length > 2 ? length - 2 : 0), payload + 2); }
  else if (opcode == 1) { char kept = payload[length]; payload[length] = 0; if (sio) sio_text(s, payload); else souk_text(s, payload); payload[length] = kept; }
}

/* How many bytes of the buffer are done with. */
static int upgraded(Socket *s) {
  s->buffer[s->length] = 0;
  char *end = strstr(s->buffer, "\r\n\r\n");
  if (!end) return 0;
  if (strncmp(s->buffer, "HTTP/1.1 101", 12)) {
    char *advice = strcasestr(s->buffer, "retry-after: ");
    later(s);
    if (advice) s->again = now() + strtoull(advice + 13, 0, 10) * 1000000000ull;
    else if (said++ < 5) fprintf(stderr, "%.200s\n", s->buffer);
    return 0;
  }
  s->state = SUBSCRIBING;
  if (!sio) subscribe(s);
  return (int)(end + 4 - s->buffer);
}

static void take_all(Socket *s) {
  int o = s->state == UPGRADING ? upgraded(s) : 0;
  if (s->state == WAITING || s->state == UPGRADING) return;
  while (s->length - o >= 2) {
    unsigned char *p = (unsigned char *)s->buffer + o;
    size_t length = p[1] & 127, h = 2;
    if (length == 126) { if (s->length - o < 4) break; length = (size_t)p[2] << 8 | p[3]; h = 4; }
    else if (length == 127) { fprintf(stderr, "a frame too long\n"); exit(2); }
    if (h + length > BUFFER) { fprintf(stderr, "a frame of %zu bytes\n", length); exit(2); }
    if (s->length - o < (int)(h + length)) break;
    take(s, p[0] & 15, (char *)p + h, length);
    if (s->state == WAITING) return;
    o += (int)(h + length);
  }
  memmove(s->buffer, s->buffer + o, s->length - o);
  s->length -= o;
}

static void readable(Socket *s) {
  for (;;) {
    int wanted = BUFFER - s->length;
    ssize_t k = read(s->fd, s->buffer + s->length, wanted);
    if (k < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (k <= 0) { later(s); return; }
    s->length += (int)k;
    take_all(s);
    if (s->state == WAITING || k < wanted) return;
  }
}

static void event(Socket *s, uint32_t events) {
  if (s->state == WAITING) return;
  if (s->state == CONNECTING) {
    int error = 0;
    socklen_t l = sizeof error;
    getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &l);
    if (error) { later(s); return; }
    if (!(events & EPOLLOUT)) return;
    s->state = UPGRADING;
    if (write(s->fd, s->head, s->head_length) != (ssize_t)s->head_length) { later(s); return; }
  }
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) readable(s);
}

static void cut(void) {
  for (int i = 0; i < number; i++) if (sockets[i].state != WAITING) hang_up(&sockets[i]);
  began = now();
  for (int i = 0; i < number; i++) { opening++; dial(&sockets[i]); }
}

static void finish(const char *out) {
  FILE *f = fopen(out, "wb");
  if (!f || fwrite(records, sizeof *records, recorded, f) != recorded || fclose(f)) die(out);
  printf("done {\"ready\":%d,\"lost\":%d,\"refused\":%d}\n", ready, lost, refused);
  for (int i = 0; i < number; i++) if (sockets[i].state != WAITING) hang_up(&sockets[i]);
  exit(0);
}

static void commanded(const char *out) {
  static char line[64];
  static int l;
  char c;
  for (;;) {
    ssize_t k = read(0, &c, 1);
    if (k < 0 && errno == EAGAIN) return;
    if (k <= 0) finish(out);
    if (c != '\n') { if (l < 63) line[l++] = c; continue; }
    line[l] = 0;
    l = 0;
    if (!strcmp(line, "cut")) cut(); else if (!strcmp(line, "end")) finish(out);
  }
}

static char *next_of(FILE *f, uint32_t *length) {
  if (fread(length, 4, 1, f) != 1) return 0;
  char *data = malloc(*length + 1);
  if (fread(data, 1, *length, f) != *length) die("file");
  data[*length] = 0;
  return data;
}

static void load(const char *name) {
  FILE *f = fopen(name, "rb");
  uint32_t length;
  char *head;
  if (!f) die(name);
  while ((head = next_of(f, &length))) {
    sockets = realloc(sockets, (number + 1) * sizeof *sockets);
    Socket *s = &sockets[number++];
    *s = (Socket){ .head = head, .head_length = length, .state = WAITING };
    s->topic = next_of(f, &length);
    s->buffer = malloc(BUFFER + 1);
  }
  fclose(f);
}

/* So many at once while it begins; all of them after a cut. */
static void open_some(int most) {
  static int opened;
  while (opened < number && opening < most) { opening++; dial(&sockets[opened++]); }
}

static void retry(void) {
  uint64_t t = now();
  for (int i = 0; i < number; i++)
    if (sockets[i].state == WAITING && sockets[i].again && sockets[i].again < t) {
      sockets[i].again = 0;
      opening++;
      dial(&sockets[i]);
    }
}

int main(int count, char **words) {
  if (count != 7) return 2;
  signal(SIGPIPE, SIG_IGN);
  setvbuf(stdout, 0, _IOLBF, 0);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[2])) };
  inet_pton(AF_INET, words[1], &address.sin_addr);
  sio = !strcmp(words[3], "sio");
  each = atoi(words[6]);
  load(words[4]);
  loop = epoll_create1(0);
  fcntl(0, F_SETFL, O_NONBLOCK);
  struct epoll_event events[EVENTS], commands = { .events = EPOLLIN, .data.u32 = STDIN };
  epoll_ctl(loop, EPOLL_CTL_ADD, 0, &commands);
  began = now();
  uint64_t looked = began;
  for (;;) {
    open_some(128);
    int n = epoll_wait(loop, events, EVENTS, 50);
    for (int i = 0; i < n; i++) {
      if (events[i].data.u32 == STDIN) commanded(words[5]); else event(&sockets[events[i].data.u32], events[i].events);
    }
    if (began && ready == number) { printf("ready %.3f\n", (now() - began) / 1e9); began = 0; }
    if (now() - looked > 50000000ull) { looked = now(); retry(); }
  }
}
