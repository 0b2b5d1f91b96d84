"""A TCP relay before Postgres that can swallow the answer to a COMMIT and hang up."""

import asyncio
import contextlib
from urllib.parse import urlsplit


class Proxy:
    """``swallow``: how many commits still go unanswered. They do reach the server."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self.swallow = 0
        self.swallowed = 0
        self.refuse = False
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = self._target._replace(netloc=f"postgres@127.0.0.1:{port}").geturl()
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
        server, forth = await asyncio.open_connection(self._target.hostname, self._target.port)
        self._open |= {back, forth}
        doomed = asyncio.Event()
        await asyncio.gather(
            self._forward(client, forth, doomed), self._answer(server, back, doomed)
        )
        self._open -= {back, forth}

    async def _forward(self, client, forth, doomed) -> None:
        with contextlib.suppress(OSError):
            while data := await client.read(65536):
                if b"COMMIT" in data and self.swallow:
                    self.swallow -= 1
                    doomed.set()
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
