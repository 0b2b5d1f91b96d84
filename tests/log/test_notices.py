"""Who listens hears of every commit, and of what was written when that is short."""

import asyncio
from base64 import b64decode
from datetime import datetime, timedelta, timezone
from uuid import UUID

import msgspec
import psycopg
import pytest

from adapters.log.notices import SHORT, UNKNOWN, Hint, Notices
from adapters.log.rows import Row
from adapters.log.tail import STORED, passage
from adapters.postgres import packed
from application.ports import Append, Key, New
from domain.kernel import Personal
from tests.log.notes import NOTICES, Noted, Signed, append, call, key, note, opened, stream

EARLIER = datetime(1917, 11, 7, 2, 3, 4, 567_891, timezone(timedelta(hours=5, minutes=30)))


@pytest.fixture
async def told(database, log):
    """What was told since the last time it was asked, and a connection to look with."""
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as db:
        await db.execute("LISTEN souk_log")

        async def heard(commits=1):
            found = [note.payload async for note in db.notifies(stop_after=commits)]
            return [Hint.of(payload) for payload in found]

        yield heard, db


# More than a hundredth of the queue: a page of the server for each.
FILL = """SELECT count(pg_notify('elsewhere', repeat('e', 7900) || n))
FROM generate_series(1, current_setting('max_notify_queue_pages')::int / 90) AS n"""
TAGS = packed.texts(["notes.noted", "notes.numbered", "notes.signed"])


async def read(db, position=0):
    return (await passage(db, position, 100, TAGS, 1000)).rows


def told_by(hints):
    return [row for hint in hints for row in NOTICES.rows(hint)]


def row_of(data, position=10**18):
    one, two, three, four = (UUID(int=n) for n in range(4))
    here = ("acme", "acme/notes/1", 1, position, "notes.noted", 1)
    return Row(*here, one, EARLIER, EARLIER, "ana", two, three, four, data)


def signed(name="Ana"):
    return Signed(Personal("ana", name))


@pytest.mark.parametrize(
    "wanted",
    [
        append(note(1, "a")),
        append(note(1, "a", "b"), note(2, "\u00e9t\u00e9 \U0001f9f6 \\ \" ' \x01")),
        Append(call(occurred_at=EARLIER), (note(1, "long ago"),)),
        Append(call(), (New(stream(1), 0, (signed(), Noted("x"), signed("Bia"))),)),
        append(note(1, "a"), idempotency=Key("ana", "notes", "k", b"one")),
    ],
)
async def test_what_is_told_is_what_would_be_read(log, told, wanted):
    heard, db = told
    await log.append(append(note(9, "before")))
    await heard()
    await log.append(wanted)
    (hint,) = await heard()
    found = await read(db, 1)
    assert NOTICES.rows(hint) == found
    assert hint.position == found[-1][STORED.index("position")]
    # A time equals the same in another zone, and is written otherwise.
    assert msgspec.json.encode(NOTICES.rows(hint)) == msgspec.json.encode(found)


async def test_of_what_is_long_only_the_position_is_told(log, told):
    heard, db = told
    for number, length in enumerate([SHORT - 800, SHORT, 20 * SHORT]):
        await log.append(append(note(number, "e" * length)))
    hints = await heard(3)
    assert [hint.position for hint in hints] == [1, 2, 3]
    assert [len(NOTICES.rows(hint)) for hint in hints] == [1, 0, 0]
    assert len(await read(db)) == 3


@pytest.mark.parametrize("letter", ["e", "\u00e9", "\U0001f9f6"])
async def test_no_length_of_what_is_told_stops_a_commit(log, told, letter):
    heard, _ = told
    lengths = range(SHORT - 1000, SHORT + 100, 50)
    for number, length in enumerate(lengths):
        await log.append(append(note(number, letter * (length // len(letter.encode())))))
    hints = await heard(len(lengths))
    assert [hint.position for hint in hints] == list(range(1, len(lengths) + 1))
    assert {len(NOTICES.rows(hint)) for hint in hints} == {0, 1}


def test_the_longest_that_is_told_is_short_enough_for_the_server():
    rows = [[row_of(b"x" * size)] for size in range(SHORT)]
    longest = max(len(NOTICES.payload(rows[0][0].position, each)) for each in rows)
    assert 7_000 < longest < 8_000


async def test_what_was_committed_together_is_told_together(log, told):
    heard, db = told
    await asyncio.gather(*(log.append(append(note(n, "a"))) for n in range(4)))
    hints = []
    while not hints or hints[-1].position < 4:
        hints += await heard()
    assert told_by(hints) == await read(db)


async def test_a_commit_without_events_tells_where_the_log_ends(log, told):
    heard, _ = told
    await log.append(append(note(1, "a")))
    await log.append(append(idempotency=key("k")))
    first, second = await heard(2)
    assert (first.position, second, len(NOTICES.rows(first))) == (1, Hint(1), 1)


@pytest.mark.parametrize("payload", ["", "7 ", "7 [", "soon", "-1 []", "7 aaaa", "\u00e9 1"])
def test_what_cannot_be_understood_is_a_hint_all_the_same(payload):
    hint = Hint.of(payload)
    assert NOTICES.rows(hint) == []
    assert hint.position == (7 if payload.startswith("7") else UNKNOWN)


async def test_who_appends_through_the_lock_tells_as_much(database, told):
    heard, db = told
    async with opened(database) as one, opened(database) as other:
        for n in range(6):
            await (one, other)[n % 2].append(append(note(n, "a")))
    assert told_by(await heard(6)) == await read(db)


async def test_who_has_no_master_key_hears_nothing_and_tells_nothing(log, told):
    heard, _ = told
    await log.append(append(note(1, "a secret of this tenant")))
    await log.append(append(note(2, "another")))
    first, second = await heard(2)
    assert b"secret" not in b64decode(first.sealed)
    assert Notices(bytes(32)).rows(first) == []
    assert NOTICES.rows(first._replace(position=2)) == [], "what was told of another position"
    assert NOTICES.rows(Hint(1, second.sealed)) == []
    forged = [row_of(b'{"text":"never"}', position=3)]
    assert NOTICES.rows(Hint.of(NOTICES.payload(3, forged))) != []
    assert NOTICES.rows(Hint.of(Notices(bytes(32)).payload(3, forged))) == []


async def test_who_listens_and_does_not_hear_stops_no_commit(database, log, told):
    """All that was told waits in the server for the slowest; a full queue would stop appends."""
    heard, _ = told
    async with await psycopg.AsyncConnection.connect(database) as frozen:
        await frozen.execute("LISTEN souk_log")
        await frozen.commit()
        await frozen.execute("SELECT 1")  # and no more: it hears nothing inside a transaction
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as other:
            await other.execute(FILL)
        await log.append(append(note(1, "a")))
        assert await heard() == [Hint(1)]
        await frozen.rollback()
        number, hint = 1, Hint(1)
        while not NOTICES.rows(hint):
            number += 1
            await log.append(append(note(number, "b")))
            (hint,) = await heard()
