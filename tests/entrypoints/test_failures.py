"""What an operator reads when a command fails."""

import asyncio

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from adapters.embedded.ports import free_ports
from entrypoints.cli import main
from entrypoints.settings import to_env


@pytest.mark.parametrize("words", ["migrate", "rebuild tenants", "rebuild tenants --back"])
async def test_who_asks_a_postgres_that_is_away_reads_one_line_that_says_so(api, words):
    away = f"postgresql://souk@127.0.0.1:{free_ports(1)[0]}/souk"
    env = to_env(replace(api.souk.settings, postgres_url=away, secret=b"any"))
    answer = await asyncio.to_thread(CliRunner(env=env).invoke, main, words.split())
    *_, line = answer.output.splitlines()
    assert (answer.exit_code, line.startswith("Error: postgres: connection failed")) == (2, True)
