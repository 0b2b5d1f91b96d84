"""What an operator reads when a command fails."""

import asyncio
import socket

import psycopg
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from adapters.embedded.ports import free_ports
from adapters.postgres import pools
from entrypoints.cli import failures, main
from entrypoints.settings import to_env
from tests.support.commands import souk
from tests.support.patience import PATIENCE

ASKED = (
    *("purge", "purge --confirm", "media purge", "media purge --yes"),
    *("report marketplace", "report marketplace --as-of 0", "audit what-if --policy {there}/p"),
    *("audit log", "audit export {there}/it.zip", "subject --subject s", "erase --subject s --yes"),
)


@pytest.mark.parametrize("words", ["migrate", "rebuild tenants", "rebuild tenants --back"])
async def test_who_asks_a_postgres_that_is_away_reads_one_line_that_says_so(api, words):
    away = f"postgresql://souk@127.0.0.1:{free_ports(1)[0]}/souk"
    env = to_env(replace(api.souk.settings, postgres_url=away, secret=b"any"))
    answer = await asyncio.to_thread(CliRunner(env=env).invoke, main, words.split())
    *_, line = answer.output.splitlines()
    assert (answer.exit_code, line.startswith("Error: postgres: connection failed")) == (2, True)


async def test_a_database_of_a_newer_version_is_refused_in_a_line_and_left_as_it_is(api):
    later = "INSERT INTO _yoyo_migration VALUES ('hash', '9000.later', now())"
    with psycopg.connect(api.souk.settings.postgres_url, autocommit=True) as db:
        db.execute(later)
    answer = await asyncio.to_thread(
        CliRunner(env=to_env(replace(api.souk.settings, secret=b"any"))).invoke, main, ["migrate"]
    )
    *_, line = answer.output.splitlines()
    assert (answer.exit_code, "does not know (9000.later)" in line) == (2, True)


@pytest.mark.parametrize(
    "words", ["migrate", "rebuild tenants", "report marketplace --tenant t", "purge --tenant t"]
)
async def test_who_asks_a_postgres_that_never_answers_does_not_wait_for_ever(
    api, monkeypatch, words
):
    monkeypatch.setattr(pools, "CONNECT", 2.0)
    monkeypatch.setattr(failures, "PATIENCE", {"PGCONNECT_TIMEOUT": "2"})
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "")  # so that it is put back
    monkeypatch.delenv("PGCONNECT_TIMEOUT")
    with socket.create_server(("127.0.0.1", 0), backlog=100) as mute:
        url = f"postgresql://souk@127.0.0.1:{mute.getsockname()[1]}/souk"
        env = to_env(replace(api.souk.settings, postgres_url=url, secret=b"any"))
        asking = asyncio.to_thread(CliRunner(env=env).invoke, main, words.split())
        answer = await asyncio.wait_for(asking, PATIENCE)
    *_, line = answer.output.splitlines()
    assert (answer.exit_code, line.startswith("Error: postgres")) == (2, True)


@pytest.mark.parametrize("words", ASKED)
async def test_a_tenant_without_a_history_is_told_of_in_one_line_and_gets_none(
    api, tmp_path, words
):
    (tmp_path / "p").touch()
    await api.market()
    answer = await souk(api, *words.format(there=tmp_path).split(), "--tenant", "bazzar")
    *_, line = answer.output.splitlines()
    assert (answer.exit_code, line) == (2, "Error: Nothing ever happened in a tenant bazzar.")
    with psycopg.connect(api.souk.settings.postgres_url) as db:
        found = db.execute("SELECT DISTINCT tenant FROM log.events").fetchall()
    assert ("bazzar",) not in found
