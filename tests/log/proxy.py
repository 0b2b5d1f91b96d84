"""A TCP relay before Postgres that can swallow the answer to a commit and hang up."""

import asyncio
import contextlib
from urllib.parse import urlsplit

# A write with rows in it is its own commit, or goes with one.
COMMITS = (b"COMMIT", b'"event_id"')


class Proxy:
    """``swallow``: how many commits still go unanswered. They do reach the server, ``late``
    seconds after the client heard that the connection is gone.

    ``only``: of connections that name themselves so when they begin.
    """

    def __init__(self, url: str, only: bytes = b"") -> None:
        self._target, self._only = urlsplit(url), only
        self.swallow = 0
        self.late = 0.0
        self.swallowed = 0
        self.refuse = False
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        user, _, _ = self._target.netloc.rpartition("@")
        self.url = self._target._replace(netloc=f"{user}@127.0.0.1:{port}").geturl()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        self._server.close()

    def cut(self) -> None:
        for writer in self._open:
            writer.close()

    async def _serve(self, client, back) -> None:
        if self.refuse:
            back.close()
            return
        try:
            server, forth = await asyncio.open_connection(self._target.hostname, self._target.port)
        except OSError:
            back.close()
            return
        self._open |= {back, forth}
        doomed = asyncio.Event()
        await asyncio.gather(
            self._forward(client, forth, back, doomed), self._answer(server, back, doomed)
        )
        self._open -= {back, forth}

    async def _forward(self, client, forth, back, doomed) -> None:
        with contextlib.suppress(OSError):
            chosen = not self._only
            while data := await client.read(65536):
                chosen = chosen or self._only in data
                if chosen and self.swallow and any(commit in data for commit in COMMITS):
                    self.swallow -= 1
                    doomed.set()
                    if self.late:
                        back.close()
                        await asyncio.sleep(self.late)
                forth.write(data)
        forth.close()

    async def _answer(self, server, back, doomed) -> None:
        with contextlib.suppress(OSError):
            while data := await server.read(65536):
                if doomed.is_set():
                    self.swallowed += 1
                    break
                back.write(data)
        back.close()
