"""Who listens hears of every commit, and of what was written when that is short."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest

from adapters.log.tail import SHORT, UNKNOWN, Hint, rows_after
from application.ports import Append, Key, New
from domain.kernel import Personal
from tests.log.notes import Noted, Signed, append, call, key, note, opened, stream

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
    read = await rows_after(db, 1, 100)
    assert hint.rows == read
    assert hint.position == read[-1].position
    assert [row.recorded_at.tzinfo for row in hint.rows] == [UTC] * len(read)


async def test_of_what_is_long_only_the_position_is_told(log, told):
    heard, db = told
    lengths = [SHORT - 1200, SHORT, 20 * SHORT]
    for number, length in enumerate(lengths):
        await log.append(append(note(number, "e" * (length * 3 // 4))))
    hints = await heard(len(lengths))
    assert [hint.position for hint in hints] == [1, 2, 3]
    assert [len(hint.rows) for hint in hints] == [1, 0, 0]
    assert len(await rows_after(db, 0, 100)) == 3


@pytest.mark.parametrize("letter", ["e", "\u00e9", "\U0001f9f6"])
async def test_no_length_of_what_is_told_stops_a_commit(log, told, letter):
    heard, _ = told
    lengths = range(SHORT * 3 // 4 - 1600, SHORT * 3 // 4, 100)
    for number, length in enumerate(lengths):
        await log.append(append(note(number, letter * (length // len(letter.encode())))))
    hints = await heard(len(lengths))
    assert [hint.position for hint in hints] == list(range(1, len(lengths) + 1))
    assert {len(hint.rows) for hint in hints} == {0, 1}


async def test_what_was_committed_together_is_told_together(log, told):
    heard, db = told
    await asyncio.gather(*(log.append(append(note(n, "a"))) for n in range(4)))
    hints = []
    while not hints or hints[-1].position < 4:
        hints += await heard()
    assert [row for hint in hints for row in hint.rows] == await rows_after(db, 0, 100)
    assert [hint.rows[-1].position for hint in hints] == [hint.position for hint in hints]


async def test_an_answer_that_is_kept_without_events_tells_where_the_log_ends(log, told):
    heard, _ = told
    await log.append(append(note(1, "a")))
    await log.append(append(idempotency=key("k")))
    first, second = await heard(2)
    assert (first.position, second.position, second.rows) == (1, 1, [])


@pytest.mark.parametrize(
    "payload", ["", "7 ", "7 [", '7 [{"position": 7}]', "soon", "-1 []", '7 {"a": 1}']
)
def test_what_cannot_be_understood_is_a_hint_all_the_same(payload):
    hint = Hint.of(payload)
    assert hint.rows == []
    assert hint.position == (7 if payload.startswith("7") else UNKNOWN)


async def test_who_appends_through_the_lock_tells_as_much(database, told):
    heard, db = told
    async with opened(database) as one, opened(database) as other:
        for n in range(6):
            await (one, other)[n % 2].append(append(note(n, "a")))
    hints = await heard(6)
    assert [row for hint in hints for row in hint.rows] == await rows_after(db, 0, 100)
