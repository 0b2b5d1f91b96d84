"""The command line on a Souk that runs in this process."""

import asyncio

from click.testing import CliRunner, Result
from msgspec.structs import replace

from entrypoints.cli import main
from entrypoints.settings import to_env
from tests.support.http import Api


async def souk(api: Api, *words: str) -> Result:
    """In a thread: a command has a loop of its own."""
    settings = replace(api.souk.settings, secret=b"any")
    return await asyncio.to_thread(CliRunner(env=to_env(settings)).invoke, main, list(words))
