"""A NATS set up as Souk sets it up, its door, and readers with the stock client."""

import asyncio
import json
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import nats
import pytest

from adapters.embedded.home import Home
from adapters.embedded.nats import Nats
from adapters.nats.door import Door
from adapters.nats.reader import Reader
from adapters.projector.relay import CONFIG
from adapters.tokens.signing import Signer, new_key
from adapters.tokens.verifying import TokenVerifier
from entrypoints.cli.token import sign
from entrypoints.settings import Settings
from tests.support.patience import PATIENCE

PEM = new_key()


@dataclass
class Ground:
    """``souk``: Souk's own connection, ``stream``: its JetStream."""

    url: str  # without credentials
    settings: Settings
    server: Nats
    refused: list[str] = field(default_factory=list)

    async def change(self, tenant, topic, position, document=None):
        body = json.dumps({"topic": topic, "position": position, "document": document})
        found = await self.stream.publish(f"souk.{tenant}.{topic}", body.encode())
        return found.seq

    def token(self, role, tenant, user=None, ttl=3600):
        return sign(self.settings, role, tenant, user, ttl)

    def reader(self, role, tenant, user=None, name="tests"):
        return Reader(name, self.token(role, tenant, user))

    async def connect(self, reader, **options):
        options = {"inbox_prefix": reader.inbox, "allow_reconnect": False, **options}
        return await connected(
            self.url, user=reader.name, password=reader.token, error_cb=self._note, **options
        )

    async def _note(self, error):
        self.refused.append(str(error))


async def connected(url, **options):
    """Who is refused is; but who is not answered in time comes again."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return await nats.connect(url, connect_timeout=PATIENCE, **options)
        except nats.errors.Error as error:
            if "Authentication Timeout" not in str(error) or time.monotonic() > until:
                raise


@asynccontextmanager
async def ground(tmp_path, tokens=None):
    async with AsyncExitStack() as stack:
        unhurried = stack.enter_context(pytest.MonkeyPatch.context())
        for module in ("consumers", "flushing"):
            unhurried.setattr(f"adapters.nats.{module}.PATIENCE", PATIENCE)
        home = Home(tmp_path / "nats")
        home.hold()
        stack.callback(home.free)
        server = Nats(home)
        await server.start()
        stack.push_async_callback(lambda: server.child.stop())
        settings = Settings("", "", server.url, "", b"", PEM, home.secret("hmac").encode())
        verifier = TokenVerifier(Signer(PEM, settings.issuer, settings.audience))
        found = Ground("nats://" + server.url.rpartition("@")[2], settings, server)
        door = Door(server.url, settings.secret, tokens or verifier)
        stack.push_async_callback(_stopped(door))
        await asyncio.wait_for(door.open.wait(), PATIENCE)
        found.souk = await nats.connect(server.url)
        stack.push_async_callback(found.souk.close)
        found.stream = found.souk.jetstream(timeout=PATIENCE)
        await found.stream.add_stream(CONFIG)
        yield found


def _stopped(door):
    stop = asyncio.Event()
    running = asyncio.create_task(door.run(stop))

    async def end():
        stop.set()
        await running

    return end
