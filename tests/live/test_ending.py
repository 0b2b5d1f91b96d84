"""A gateway ends when it is told to, whoever is away."""

import asyncio
import os

from adapters.embedded.ports import free_ports
from adapters.tokens.signing import new_key
from entrypoints.live import wiring
from entrypoints.settings import Settings
from tests.support.patience import PATIENCE


async def test_it_ends_without_nats(database):
    (port,) = free_ports(1)
    settings = Settings(
        postgres_url=database,
        valkey_url=f"redis://127.0.0.1:{port}/0",
        nats_url=f"nats://127.0.0.1:{port}",
        s3_url="",
        master_key=os.urandom(32),
        signing_key_pem=new_key(),
        secret=os.urandom(32),
    )
    async with asyncio.timeout(PATIENCE):
        async with wiring.connect(settings):
            await asyncio.sleep(0.2)
