"""Kept answers and snapshots: nothing of anyone is in them by now; should it be, it goes too."""

import msgspec

from adapters.erasing.rows import purge_answers, purge_snapshots
from adapters.postgres.pools import APPEND
from adapters.projector.leader import connected
from tests.erasures.test_rules import box
from tests.log.notes import append, key, landed, note, opened, rows

SHELVE = """INSERT INTO log.snapshots (tenant, stream, shape, version, position, state)
VALUES (%s, %s, 'shape', 1, 1, '{}') RETURNING 1"""


async def test_an_answer_with_their_words_loses_them_and_no_other_does(database):
    both = {"id": "o1", "name": box("ana", "h1"), "other": box("bob", "h2")}
    async with opened(database) as log:
        for name in ("one", "two"):
            await log.append(append(note(name, "a"), idempotency=key(name), answer=landed))
    sql = "UPDATE log.answers SET answer = %s WHERE key = 'one' RETURNING 1"
    await rows(database, sql, (msgspec.json.encode(both),))
    async with connected(database, "tests", APPEND) as db:
        assert await purge_answers(db, "zenith", "ana") == 0
        assert await purge_answers(db, "acme", "ana") == 1
        assert await purge_answers(db, "acme", "ana") == 0
    kept = await rows(database, "SELECT answer FROM log.answers ORDER BY key")
    one, two = (msgspec.json.decode(answer) for (answer,) in kept)
    assert one == both | {"name": box("ana") | {"sealed": "erased"}}
    assert two["id"] == "notes"


async def test_snapshots_of_their_streams_go_and_no_others(database):
    for place in (("acme", "acme/notes/1"), ("acme", "acme/notes/2"), ("zenith", "acme/notes/1")):
        await rows(database, SHELVE, place)
    async with connected(database, "tests", APPEND) as db:
        assert await purge_snapshots(db, "acme", ["acme/notes/1"]) == 1
    left = await rows(database, "SELECT tenant, stream FROM log.snapshots ORDER BY tenant")
    assert left == [("acme", "acme/notes/2"), ("zenith", "acme/notes/1")]
