"""Roles with other secrets than their database's do not start, and `souk migrate` says why."""

import asyncio
import os
import subprocess
import sys

import psycopg
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from adapters.log.master import Foreign
from adapters.tokens.signing import new_key
from entrypoints.cli import main
from entrypoints.proving import prove
from entrypoints.settings import Settings, to_env
from tests.log.proxy import Proxy
from tests.support.patience import PATIENCE

ROLES = {"api": ["--port", "0"], "live": ["--port", "0"]}
OTHERS = {"master_key": bytes(32), "secret": b"another"}


@pytest.fixture
async def settings(stack, database):
    """Of an instance that has begun."""
    settings = Settings(
        postgres_url=database,
        valkey_url=stack.valkey_url,
        nats_url=stack.nats_url,
        s3_url="",
        master_key=os.urandom(32),
        signing_key_pem=new_key(),
        secret=b"ours",
    )
    await prove(settings, lays=True)
    return settings


def started(role, settings):
    command = [sys.executable, "-m", "entrypoints.cli", role, *ROLES.get(role, [])]
    env = os.environ | to_env(settings)
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=env, stdout=pipe, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize("role", ["api", "live", "projector", "policies", "worker"])
@pytest.mark.parametrize("which", OTHERS)
async def test_a_role_with_another_secret_ends_in_one_line(settings, role, which):
    wrong = started(role, replace(settings, **{which: OTHERS[which]}))
    said, _ = await asyncio.to_thread(wrong.communicate, timeout=PATIENCE)
    (line,) = said.splitlines()
    assert line.startswith(f"Error: SOUK_{which.upper()} is not the one that this database")
    assert wrong.returncode == 2


@pytest.mark.parametrize("which", OTHERS)
async def test_one_that_started_while_postgres_was_away_ends_once_it_is_there(settings, which):
    async with Proxy(settings.postgres_url) as proxy:
        proxy.refuse = True
        away = replace(settings, postgres_url=proxy.url, **{which: OTHERS[which]})
        with await asyncio.to_thread(started, "policies", away) as role:
            try:
                first = await asyncio.to_thread(role.stdout.readline)  # it tells of Postgres
                assert "Error" not in first
                proxy.refuse = False
                said, _ = await asyncio.to_thread(role.communicate, timeout=PATIENCE)
            finally:
                role.kill()
    assert f"Error: SOUK_{which.upper()} is not the one" in said.splitlines()[-1]
    assert role.returncode == 2


async def test_a_role_that_has_no_use_for_the_secret_locks_nobody_out_with_another(settings):
    with psycopg.connect(settings.postgres_url) as db:
        db.execute("DELETE FROM keys.marks")
    placeholder = replace(settings, secret=b"placeholder")
    await prove(placeholder)
    assert (await migrated(settings)).exit_code == 0
    with pytest.raises(Foreign, match="SOUK_SECRET"):
        await prove(placeholder)


async def migrated(settings, *words):
    runner = CliRunner(env=to_env(settings))
    return await asyncio.to_thread(runner.invoke, main, ["migrate", *words])


async def test_migrate_refuses_too_and_takes_a_new_secret_that_is_said_to_be_one(settings):
    changed = replace(settings, secret=b"another")
    for wrong in (changed, replace(settings, master_key=bytes(32))):
        done = await migrated(wrong)
        assert (done.exit_code, "is not the one" in done.output) == (2, True)
    assert (await migrated(changed, "--new-secret")).exit_code == 0
    assert (await migrated(changed)).exit_code == 0
    assert (await migrated(settings)).exit_code == 2
