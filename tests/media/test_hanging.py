"""An S3 server that takes requests and answers none of them."""

import asyncio
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from adapters.media import sending
from adapters.media.objects import BUCKET, THREADS, Objects
from application.ports import Unavailable
from tests.policies.market import until
from tests.support.http import running_api
from tests.support.patience import PATIENCE


class Handler(BaseHTTPRequestHandler):
    """The bucket is there; what is in it is not told until it is ``over``."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.server.seen.append(self.path)
        if self.path != f"/{BUCKET}":
            self.server.over.wait()
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """What hangs does so for longer than the test takes on any machine."""
    monkeypatch.setattr(sending, "ANSWER", 5 * PATIENCE)


@contextmanager
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        running.seen, running.over = [], Event()
        running.url = f"http://a:b@127.0.0.1:{running.server_address[1]}"
        thread = Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield running
        finally:
            running.over.set()
            running.shutdown()
            thread.join()


@asynccontextmanager
async def held(objects, running):
    """Every thread waits for an answer, and whoever comes next has little time."""
    objects._turn = None
    before = len(running.seen)
    calls = [asyncio.create_task(objects.stat(f"held/{n}")) for n in range(THREADS)]
    await until(lambda: len(running.seen) == before + THREADS)
    objects._turn = 0.01
    async with asyncio.timeout(PATIENCE):
        yield
    assert not any(call.done() for call in calls)
    running.over.set()
    await asyncio.gather(*calls)


async def test_what_no_thread_takes_in_time_is_unavailable_and_is_not_done_later():
    with server() as running:
        objects = Objects(running.url)
        async with held(objects, running):
            with pytest.raises(Unavailable):
                await objects.stat("late")
        objects._turn = None
        await objects.stat("later")
        objects.close()
        assert len(running.seen) == THREADS + 1
        assert running.seen[-1].endswith("later")


async def test_a_bucket_that_was_made_is_ready_without_being_asked_for():
    with server() as running:
        objects = Objects(running.url)
        await objects.ready()
        assert running.seen == [f"/{BUCKET}"]
        async with held(objects, running):
            await objects.ready()
        objects.close()


async def test_while_the_bucket_hangs_uploads_are_asked_for_and_who_needs_it_is_told(
    stack, database
):
    with server() as running:
        async with running_api(stack, database, s3_url=running.url) as api:
            await api.market("amina")
            amina, wanted = api.of("seller", "amina"), {"kind": "image"}
            assert (await amina.post("/media", wanted)).status_code == 201
            async with held(api.souk.objects, running):
                made = await amina.post("/media", wanted)
                assert made.status_code == 201
                refused = await amina.post(f"/media/{made.json()['id']}/confirm")
                assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
                assert refused.headers["retry-after"]
