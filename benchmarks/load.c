/* load PORT CONNECTIONS WARM SECONDS FILE once|again

   A closed loop of HTTP/1.1 keep-alive connections to 127.0.0.1. FILE holds ready requests, each behind
   its length (uint32): sent in turn, "once" or over and over "again". Prints one line of JSON: requests a
   second, p50 and p99 in milliseconds, answers that were not 2xx ("bad"), and connections lost ("lost"). */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROOM (1 << 20) /* bytes of one answer at the most */

struct request { const char *bytes; uint32_t size; };
struct connection { int socket; struct request *request; size_t sent, got; double began; char *answer; };

static struct request *requests;
static size_t number, next, done, late, bad, lost, kept;
static int once, poll_set, port;
static double start, end, last, *waits;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) { perror(what); exit(1); }

static void read_requests(const char *path) {
  struct stat about;
  int file = open(path, O_RDONLY);
  if (file < 0 || fstat(file, &about)) die(path);
  char *all = malloc(about.st_size);
  for (off_t got = 0; got < about.st_size;) {
    ssize_t n = read(file, all + got, about.st_size - got);
    if (n <= 0) die("read");
    got += n;
  }
  close(file);
  requests = malloc(sizeof *requests * (about.st_size / 4 + 1));
  for (char *at = all; at < all + about.st_size; number++) {
    memcpy(&requests[number].size, at, 4);
    requests[number].bytes = at + 4;
    at += 4 + requests[number].size;
  }
}

static void dial(struct connection *c) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  int yes = 1;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  c->socket = socket(AF_INET, SOCK_STREAM, 0);
  if (c->socket < 0 || connect(c->socket, (struct sockaddr *)&to, sizeof to)) die("connect");
  setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  fcntl(c->socket, F_SETFL, O_NONBLOCK);
  struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(poll_set, EPOLL_CTL_ADD, c->socket, &wanted);
}

/* Requests are small beside a socket's buffer: a write that is not whole is a failure. */
static int send_next(struct connection *c) {
  if (once && next == number) return 0;
  c->request = &requests[next++ % number];
  c->got = 0;
  c->began = now();
  if (c->began >= end) return 0;
  if (write(c->socket, c->request->bytes, c->request->size) != (ssize_t)c->request->size) die("write");
  return 1;
}

static const char *header(const char *from, const char *until, const char *name) {
  size_t size = strlen(name);
  for (const char *at = from; at && at + size < until; at = memchr(at, '\n', until - at)) {
    if (*at == '\n') at++;
    if (at + size < until && !strncasecmp(at, name, size)) return at + size;
  }
  return NULL;
}

/* 1 when the whole answer is there. */
static int whole(struct connection *c) {
  c->answer[c->got] = 0;
  char *body = memmem(c->answer, c->got, "\r\n\r\n", 4);
  if (!body) return 0;
  const char *size = header(c->answer, body + 2, "content-length:");
  if (!size) { fprintf(stderr, "an answer without its length: %.300s\n", c->answer); exit(1); }
  return c->got >= (size_t)(body + 4 - c->answer) + strtoul(size, NULL, 10);
}

static void count(struct connection *c) {
  double at = now();
  int status = atoi(c->answer + 9);
  if (status < 200 || status > 299) { if (!bad++) fprintf(stderr, "%.600s\n", c->answer); }
  if (c->began < start || at > end) { late++; return; }
  if (done == kept) waits = realloc(waits, sizeof *waits * (kept = kept ? kept * 2 : 65536));
  waits[done++] = at - c->began;
  last = at;
}

/* 0 when this connection has nothing more to do. */
static int receive(struct connection *c) {
  for (;;) {
    ssize_t n = read(c->socket, c->answer + c->got, ROOM - 1 - c->got);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 1;
    if (n <= 0) { lost++; close(c->socket); dial(c); return send_next(c); }
    c->got += n;
    if (whole(c)) { count(c); return send_next(c); }
  }
}

static int by_size(const void *a, const void *b) {
  double d = *(double *)a - *(double *)b;
  return (d > 0) - (d < 0);
}

int main(int argc, char **argv) {
  if (argc != 7) { fprintf(stderr, "load PORT CONNECTIONS WARM SECONDS FILE once|again\n"); return 2; }
  port = atoi(argv[1]);
  int connections = atoi(argv[2]), busy = 0;
  once = !strcmp(argv[6], "once");
  read_requests(argv[5]);
  poll_set = epoll_create1(0);
  struct connection *all = calloc(connections, sizeof *all);
  for (int i = 0; i < connections; i++) { all[i].answer = malloc(ROOM); dial(&all[i]); }
  start = now() + atof(argv[3]);
  end = start + atof(argv[4]);
  for (int i = 0; i < connections; i++) busy += send_next(&all[i]);
  struct epoll_event ready[256];
  while (busy && now() < end + 10) {
    int n = epoll_wait(poll_set, ready, 256, 100);
    for (int i = 0; i < n; i++) busy -= !receive(ready[i].data.ptr);
  }
  if (!done && late) { /* too short to measure, but it works */
    printf("{\"rate\":%.2f,\"p50\":0,\"p99\":0,\"bad\":%zu,\"lost\":%zu}\n", late / (now() - start), bad, lost);
    return 0;
  }
  if (!done) { fprintf(stderr, "no answer\n"); return 1; }
  int short_of_work = once && next == number && last < end - 0.1;
  double spent = (short_of_work ? last : end) - start;
  qsort(waits, done, sizeof *waits, by_size);
  printf("{\"rate\":%.2f,\"p50\":%.4f,\"p99\":%.4f,\"bad\":%zu,\"lost\":%zu}\n", done / spent, waits[done / 2] * 1e3,
         waits[done * 99 / 100] * 1e3, bad, lost);
  return 0;
}
