"""Who has flushed hears everything from then on."""

import asyncio
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import nats

from adapters.nats import flushing
from adapters.nats.flushing import flushed
from tests.support.patience import PATIENCE


@asynccontextmanager
async def between(url):
    """A proxy's address, and what clients have said to the server in the order it got it."""
    target, said, ends = urlsplit(url), bytearray(), []

    async def pass_on(reader, writer, heard):
        with suppress(OSError):
            while data := await reader.read(65536):
                heard += data
                writer.write(data)

    async def serve(client, back):
        server, forth = await asyncio.open_connection(target.hostname, target.port)
        ends.extend((back, forth))
        await asyncio.gather(pass_on(client, forth, said), pass_on(server, back, bytearray()))

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield target._replace(netloc=f"127.0.0.1:{port}").geturl(), said
    finally:
        for end in ends:
            end.close()
        listening.close()


async def test_the_server_has_the_subscription_before_the_ping_that_it_answered(stack, monkeypatch):
    monkeypatch.setattr(flushing, "PATIENCE", PATIENCE)
    async with between(stack.nats_url) as (url, said):
        client = await nats.connect(url, allow_reconnect=False, connect_timeout=PATIENCE)
        try:
            await client.subscribe("flushing.one")
            await flushed(client)
            assert said.find(b"SUB flushing.one") in range(said.rindex(b"PING"))
        finally:
            await client.close()
