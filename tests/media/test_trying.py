"""What is sent to an S3 server, and read from one, that fails now and then."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from adapters.media import sending
from adapters.media.objects import Objects
from application.ports import Unavailable

KEY, KIND, CONTENT = "tenant/object", "image/png", bytes(range(256)) * 4096
BUSY, BROKEN, HALF = "is busy", "breaks the line off", "breaks off half-way"


class Handler(BaseHTTPRequestHandler):
    """Does to the first requests what ``fails`` says, and to later ones what they ask."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self._answer(200)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(body)
        if not self._failed():
            self._answer(200, ETag='"e"')

    def do_GET(self):
        self.server.seen.append(self.headers["Range"])
        first = int((self.headers["Range"] or "bytes=0-")[6:-1])
        if not self._failed():
            self._answer(206 if first else 200, CONTENT[first:])

    def _failed(self):
        fails = self.server.fails.pop(0) if self.server.fails else None
        self.server.heard()
        if fails == BUSY:
            self._answer(503)
        elif fails == HALF:
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT[: len(CONTENT) // 2])
        self.close_connection = self.close_connection or fails in (BROKEN, HALF)
        return fails is not None

    def _answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@contextmanager
def server(*fails):
    """``seen``: the body or the range of each request."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.fails, running.seen, running.heard = [*fails], [], lambda: None
        thread = Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield running
        finally:
            running.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(sending, "PAUSE", 0)


@pytest.fixture
def objects_of():
    made = []

    def of(running, **options):
        made.append(Objects(f"http://a:b@127.0.0.1:{running.server_address[1]}", **options))
        return made[-1]

    yield of
    for each in made:
        each.close()


@pytest.mark.parametrize("fails", [BUSY, BROKEN])
async def test_work_of_hours_sends_again_what_was_not_taken(objects_of, fails):
    with server(fails, fails) as running:
        await objects_of(running, again=2).put(KEY, CONTENT, KIND)
        assert running.seen == [CONTENT] * 3


@pytest.mark.parametrize("fails", [BUSY, BROKEN])
async def test_what_is_never_taken_is_given_up(objects_of, fails):
    with server(*[fails] * 9) as running:
        with pytest.raises(Unavailable):
            await objects_of(running, again=2).put(KEY, CONTENT, KIND)
        assert len(running.seen) == 3


@pytest.mark.parametrize("fails", [BUSY, BROKEN])
async def test_who_is_asked_for_an_answer_tries_once(objects_of, fails):
    with server(fails) as running:
        with pytest.raises(Unavailable):
            await objects_of(running).put(KEY, CONTENT, KIND)
        assert len(running.seen) == 1


async def test_an_object_that_breaks_off_is_read_on_from_there(objects_of, tmp_path):
    with server(HALF, BUSY) as running:
        await objects_of(running, again=2).fetch(KEY, tmp_path / "object", len(CONTENT))
        assert (tmp_path / "object").read_bytes() == CONTENT
        assert running.seen == [None, *[f"bytes={len(CONTENT) // 2}-"] * 2]


async def test_half_an_object_is_none_for_who_tries_once(objects_of, tmp_path):
    with server(HALF) as running:
        with pytest.raises(Unavailable):
            await objects_of(running).fetch(KEY, tmp_path / "object", len(CONTENT))


@pytest.mark.parametrize("fails", [BUSY, BROKEN])
async def test_who_is_going_tries_nothing_again(objects_of, fails, monkeypatch):
    connects, connect = [], sending.Sending.connect

    def counted(self):
        connects.append(self)
        connect(self)

    monkeypatch.setattr(sending.Sending, "connect", counted)
    with server(*[fails] * 9) as running:
        objects = objects_of(running, again=9)
        running.heard = objects._over.set  # as by ``close``, which takes no more either
        with pytest.raises(Unavailable):
            await objects.put(KEY, CONTENT, KIND)
        assert (len(running.seen), len(connects)) == (1, 1)


async def test_no_wait_between_two_tries_keeps_a_process_that_is_going(objects_of, monkeypatch):
    monkeypatch.setattr(sending, "PAUSE", 0.001)
    # The library's own wait cannot be ended.
    monkeypatch.setattr("urllib3.util.retry.time", None)
    with server(BUSY, BUSY, BUSY) as running:
        await objects_of(running, again=3).put(KEY, CONTENT, KIND)
        assert len(running.seen) == 4
