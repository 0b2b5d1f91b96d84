"""`souk token` on a Souk that runs."""

import asyncio

from click.testing import CliRunner
from msgspec.structs import replace

from adapters.embedded.ports import free_ports
from entrypoints.cli import main
from entrypoints.settings import to_env
from tests.support.commands import souk


async def test_a_tenant_that_there_is_not_is_told_of_beside_the_token(api):
    await api.market()
    known = await souk(api, "token", "--role", "admin")
    mistyped = await souk(api, "token", "--role", "admin", "--tenant", "bazzar")
    assert [done.exit_code for done in (known, mistyped)] == [0, 0]
    assert known.stderr == ""
    assert mistyped.stderr.startswith("There is no tenant bazzar;")
    (token,) = mistyped.stdout.splitlines()
    assert (await api.souk.tokens.verify(token)).tenant == "bazzar"


async def test_a_token_needs_no_instance_that_answers(api):
    away = f"postgresql://souk@127.0.0.1:{free_ports(1)[0]}/souk"
    env = to_env(replace(api.souk.settings, postgres_url=away, secret=b"any"))
    words = ["token", "--role", "admin", "--tenant", "bazzar"]
    done = await asyncio.to_thread(CliRunner(env=env).invoke, main, words)
    assert (done.exit_code, done.stderr, len(done.stdout.splitlines())) == (0, "", 1)
