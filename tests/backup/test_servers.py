"""Servers of one's own, restored by somebody else, and then `souk revive`."""

import asyncio

import psycopg
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from adapters.embedded.ports import free_ports
from adapters.media import sending
from adapters.media.objects import Objects
from adapters.tokens.signing import new_key
from entrypoints.cli import main
from entrypoints.reviving import go_on
from entrypoints.settings import Settings, to_env
from projections import orders
from tests.support.http import running_api
from tests.support.patience import PATIENCE
from tests.verify.shop import opened

LEFT = "UPDATE read.projections SET version = version - 1 WHERE name = 'orders'"
STANDS = "SELECT version, position > 0 FROM read.projections WHERE name = 'orders'"


@pytest.fixture
def revive(stack, database):
    async def run(s3_url, *words, receipts=""):
        settings = Settings(
            postgres_url=database,
            valkey_url=stack.valkey_url,
            nats_url=stack.nats_url,
            s3_url=s3_url,
            master_key=bytes(32),
            signing_key_pem=new_key(),
            secret=b"any",
            receipts=receipts,
        )
        runner = CliRunner(env=to_env(settings))
        return await asyncio.to_thread(runner.invoke, main, ["revive", *words])

    return run


async def test_a_bucket_that_is_not_there_is_not_taken_for_one_without_receipts(
    revive, database, s3
):
    bucket = Objects(f"{s3}/not-restored")
    done = await revive(f"{s3}/not-restored")
    assert (done.exit_code, "no bucket of that name" in done.output) == (2, True), done.output
    assert not await bucket.there()
    with psycopg.connect(database) as db:
        assert db.execute("SELECT count(*) FROM log.jumps").fetchone() == (0,)
    await bucket.ready()
    assert (await revive(f"{s3}/not-restored")).exit_code == 0
    bucket.close()


@pytest.mark.parametrize("kept", [False, True])
async def test_a_server_that_is_away_is_told_of_at_once_and_nothing_is_begun(
    revive, database, monkeypatch, tmp_path, kept
):
    monkeypatch.setattr(sending, "PAUSE", 600.0)  # who asked again would wait for minutes
    receipts = str(tmp_path) if kept else ""
    asking = revive(f"http://a:b@127.0.0.1:{free_ports(1)[0]}", receipts=receipts)
    done = await asyncio.wait_for(asking, PATIENCE)
    *_, line = done.output.splitlines()
    assert (done.exit_code, line) == (2, "Error: s3 does not answer. Is it running?")
    with psycopg.connect(database) as db:
        assert db.execute("SELECT count(*) FROM log.jumps").fetchone() == (0,)


async def test_receipts_that_have_nowhere_to_lie_are_refused(revive, s3, tmp_path):
    done = await revive(s3, "--receipts", str(tmp_path))
    assert (done.exit_code, "SOUK_RECEIPTS" in done.output) == (2, True), done.output


async def test_tables_of_an_older_version_are_built_and_compared_like_all_others(
    stack, database, tmp_path
):
    async with running_api(stack, database) as api:
        await opened(api, database)
        settings = replace(api.souk.settings, s3_url="", receipts=str(tmp_path))
    with psycopg.connect(database, autocommit=True) as db:
        db.execute(LEFT)
        db.execute("DELETE FROM read.orders_orders")
        assert (await go_on(settings, None)).differences == []
        assert db.execute(STANDS).fetchone() == (orders.VERSION, True)
