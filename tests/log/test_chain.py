"""The hash chain: whatever is changed in a stored event shows."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from msgspec.structs import replace

from adapters.log.chain import GENESIS, link, verify
from adapters.log.rows import Row
from tests.log.notes import append, note, opened

CHANGES = {
    "stream": "stream || 'x'",
    "version": "version + 50",
    "position": "position + 50",
    "tag": "tag || 'x'",
    "schema_version": "schema_version + 1",
    "event_id": "gen_random_uuid()",
    "occurred_at": "occurred_at + interval '1 microsecond'",
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "actor": "'eve'",
    "correlation": "gen_random_uuid()",
    "causation": "gen_random_uuid()",
    "command_id": "gen_random_uuid()",
    "data": "data || ' '::bytea",
    "origin": "'{}'::bytea",
    "hash": "sha256(hash)",
}


@pytest.fixture
async def written(database):
    async with opened(database) as log:
        for n in range(5):
            await log.append(append(note(n, "a", "b")))
            await log.append(append(note(n, "other", tenant="zenith"), tenant="zenith"))
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        yield connection


async def test_a_log_that_nobody_touched_is_whole_for_each_tenant(written):
    assert await verify(written, "acme") == (10, None)
    assert await verify(written, "zenith") == (5, None)
    assert (await verify(written, "nobody")).whole


@pytest.mark.parametrize("column", CHANGES)
async def test_a_change_in_any_column_is_found_where_it_is(written, column):
    await written.execute(f"UPDATE log.events SET {column} = {CHANGES[column]} WHERE position = 7")
    verdict = await verify(written, "acme")
    assert verdict.bad in ((7,) if column != "position" else (8, 57))
    assert (await verify(written, "zenith")).whole


async def test_an_event_moved_to_another_tenant_is_missed_and_does_not_fit_there(written):
    await written.execute("UPDATE log.events SET tenant = 'zenith' WHERE position = 7")
    assert not (await verify(written, "acme")).whole
    assert (await verify(written, "zenith")).bad == 7


@pytest.mark.parametrize("position", [1, 7, 14])
async def test_a_removed_event_is_missed_also_at_either_end(written, position):
    await written.execute("DELETE FROM log.events WHERE position = %s", (position,))
    assert not (await verify(written, "acme")).whole


def test_a_moment_is_hashed_as_the_same_in_whatever_zone_also_when_clocks_go_back():
    now, id, berlin = datetime(2026, 11, 1, tzinfo=UTC), UUID(int=1), ZoneInfo("Europe/Berlin")
    row = Row("acme", "acme/notes/a", 1, 1, "t", 1, id, now, now, "ana", id, None, id, b"")
    for hour in (0, 1):  # both are half past two there
        moment = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        there = replace(row, occurred_at=moment.astimezone(berlin))
        assert link(GENESIS, there) == link(GENESIS, replace(row, occurred_at=moment))
