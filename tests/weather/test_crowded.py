"""More connections than requests: those that only stand by are in nobody's way."""

import asyncio
import os
import subprocess
import sys
from contextlib import ExitStack, suppress

import httpx
import pytest
from msgspec.structs import replace

from adapters.embedded.ports import free_ports
from adapters.live.listening import room
from entrypoints.settings import to_env
from tests.support.patience import PATIENCE

IDLE = 1_100  # more than the server takes unless it is told to


@pytest.fixture
def served(api):
    """The role as a process of its own; its port."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "entrypoints.cli", "api", "--port", str(port)]
    settings = to_env(replace(api.souk.settings, secret=b"any"))
    with ExitStack() as stack:
        role = stack.enter_context(subprocess.Popen(command, env=os.environ | settings))
        stack.callback(role.terminate)
        yield port


async def test_who_comes_after_many_idle_connections_is_answered_all_the_same(served):
    assert room(IDLE) == IDLE  # here, for the clients
    async with asyncio.timeout(5 * PATIENCE):  # a process begins, and imports everything
        while not await alive(served):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    idle = [await asyncio.open_connection("127.0.0.1", served) for _ in range(IDLE)]
    assert await alive(served)
    for _, writer in idle:
        writer.close()


async def alive(port):
    with suppress(httpx.TransportError):
        async with httpx.AsyncClient() as client:
            url = f"http://127.0.0.1:{port}/health/live"
            return (await client.get(url, timeout=PATIENCE)).status_code == 200
    return False
