"""Many projections stand at the end of one log; it is looked at for all of them."""

import pytest

from adapters.log.tail import passage
from adapters.projector.leader import connected
from adapters.projector.window import Window
from tests.projector.toys import Switched, happen, lamp, prepare


@pytest.fixture
async def db(database):
    await prepare(database)
    async with connected(database, "test") as connection:
        yield connection


async def ask(shared, db, reader, hinted=False, position=0):
    stretch = await shared.after(db, reader, position, 10, hinted)
    return [recorded.stream for recorded in stretch.events], stretch.last


async def test_nobody_who_was_not_told_looks_where_another_has_just_found_nothing(db, looks):
    shared = Window([Switched])
    for _ in range(3):
        for reader in "abcd":
            assert await ask(shared, db, reader) == ([], True)
    # The first look of each is its own: it has none yet to go by.
    assert len(looks) == len("abcd") + 2


async def test_who_was_told_looks_whatever_others_found(db, looks):
    shared = Window([Switched])
    for reader in "abab":
        assert await ask(shared, db, reader, hinted=True) == ([], True)
    assert len(looks) == 4


async def test_what_nobody_was_told_of_is_found_by_the_next_look_and_shared(db, database, looks):
    shared = Window([Switched])
    for reader in "abab":
        await ask(shared, db, reader)
    await happen(database, (lamp("1"), Switched()))
    before = len(looks)
    answers = [await ask(shared, db, reader) for reader in "aba"]
    assert ([lamp("1")], True) in answers
    assert answers[-1][0] == [lamp("1")]
    assert len(looks) - before == 1


async def test_who_leads_again_goes_by_no_look_of_before(db, looks):
    shared = Window([Switched])
    for reader in "abaa":
        await ask(shared, db, reader)
    shared.leave("b")
    before = len(looks)
    await ask(shared, db, "b")
    assert len(looks) == before + 1


async def test_who_comes_late_gets_all_that_is_held_however_it_came(db, database, looks):
    await happen(database, *((lamp(n), Switched()) for n in "1234"))
    shared = Window([Switched])
    rows, *_ = await passage(db, 0, 10, shared._tags, 10)
    for row in rows[:2]:
        shared.hear("ahead", [row])
    assert await ask(shared, db, "beside", position=3) == ([lamp("4")], True)
    for row in rows[2:]:
        shared.hear("ahead", [row])
    before = len(looks)
    assert (await ask(shared, db, "late"))[0] == [lamp(n) for n in "1234"]
    assert (await ask(shared, db, "later", position=1))[0] == [lamp(n) for n in "234"]
    assert len(looks) == before
