"""Tags, roles and settings: what the log refuses to do."""

import psycopg
import pytest

from adapters.log import tail
from adapters.log.codec import Codec, Undecodable, UnknownTag
from adapters.log.ids import Ids
from adapters.log.keyring import Seals
from adapters.postgres.migrate import migrate
from adapters.postgres.pools import APPEND, AUDIT, PROJECT, READ
from adapters.postgres.unsafe import UnsafeSetting
from domain import AGGREGATES
from entrypoints.http import problems
from tests.log.notes import CODEC, Noted, Signed, append, note, opened


async def test_an_unknown_tag_is_named_with_its_position(log, database):
    await log.append(append(note(1, "a")))
    async with await psycopg.AsyncConnection.connect(database) as connection:
        with pytest.raises(UnknownTag, match=r"'notes\.noted'.*position 1"):
            await tail.read_after(connection, 0, 10, Codec([Signed]))


def test_an_event_that_cannot_be_read_is_no_fault_of_who_sent_the_command():
    with pytest.raises(Undecodable, match=r"notes\.noted at position 7") as found:
        CODEC.decode("notes.noted", b'{"spoilt', 7)
    assert problems.of(found.value).status == 500


def test_an_event_in_no_aggregate_is_never_stored():
    with pytest.raises(TypeError, match="Noted"):
        Codec([Signed]).encode(Noted("a"), "acme/notes/1", Seals("acme", {}).seal)


def test_every_event_of_the_house_has_its_tag_and_fields_that_can_be_read():
    assert "catalog.product_created" in Codec.of(AGGREGATES)._types


def test_the_stored_bytes_are_canonical():
    data = CODEC.encode(Noted("é"), "acme/notes/1", Seals("acme", {}).seal)
    assert data == '{"type":"notes.noted","text":"é"}'.encode()


def test_ids_only_grow():
    ids = Ids()
    made = [ids.new() for _ in range(20_000)]
    assert made == sorted(set(made))
    assert {(id.version, id.variant) for id in made} == {(7, "specified in RFC 4122")}


def test_the_setting_that_breaks_the_order_is_refused(monkeypatch, database):
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", "y")
    with pytest.raises(UnsafeSetting, match="miss events"):
        migrate(database)


async def test_a_log_refuses_it_too(monkeypatch, database):
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", "true")
    with pytest.raises(UnsafeSetting):
        await opened(database).open()


def test_migrating_again_changes_nothing(database):
    assert migrate(database) == []


def test_every_table_of_the_log_and_the_keys_forces_row_level_security(database):
    with psycopg.connect(database) as connection:
        loose = connection.execute(
            """SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
            WHERE nspname IN ('log', 'keys', 'library') AND relkind IN ('r', 'p', 'v')
                AND NOT (relrowsecurity AND relforcerowsecurity)"""
        ).fetchall()
    assert loose == []


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (APPEND, "UPDATE log.events SET actor = 'eve'"),
        (APPEND, "DELETE FROM log.events"),
        (APPEND, "TRUNCATE log.events"),
        (PROJECT, "SELECT * FROM keys.subjects"),
        (PROJECT, "INSERT INTO log.events DEFAULT VALUES"),
        (PROJECT, "SELECT * FROM log.answers"),
        (READ, "SELECT * FROM log.events"),
        (READ, "SELECT * FROM keys.subjects"),
        (AUDIT, "SELECT * FROM log.answers"),
        (AUDIT, "SELECT * FROM keys.subjects"),
        (AUDIT, "UPDATE log.events SET origin = NULL"),
        (AUDIT, "INSERT INTO log.events DEFAULT VALUES"),
    ],
)
def test_a_role_cannot_do_what_is_not_its_work(database, role, statement):
    with psycopg.connect(database, options=f"-c role={role}") as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
