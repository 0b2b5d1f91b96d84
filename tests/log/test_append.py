"""The append contract: what every command may rely on."""

import asyncio
from datetime import UTC, datetime

import psycopg
import pytest

from application.ports import Append, Conflict, KeyReused, Landing, New, Taken, Unavailable
from domain.kernel import Rejected
from tests.log.notes import (
    Noted,
    Numbered,
    append,
    call,
    insist,
    key,
    landed,
    note,
    opened,
    rows,
    stream,
)


async def texts(log, id):
    return [r.event.text for r in (await log.read("acme", [stream(id)]))[stream(id)]]


async def test_what_is_appended_is_read_back_with_its_envelope(log):
    then = datetime(2017, 1, 5, tzinfo=UTC)
    sent = call(occurred_at=then)
    await log.append(Append(sent, (note(1, "a", "b"),)))
    first, second = (await log.read("acme", [stream(1)]))[stream(1)]
    assert (first.version, second.version, first.position, second.position) == (1, 2, 1, 2)
    assert first.event == Noted("a")
    assert (first.actor, first.command_id, first.occurred_at) == ("ana", sent.command_id, then)
    assert first.recorded_at > then
    assert first.event_id.version == 7
    assert first.event_id < second.event_id


async def test_reading_answers_for_every_stream_asked_for(log):
    assert await log.read("acme", [stream(1), stream(2)]) == {stream(1): [], stream(2): []}


async def test_a_stream_that_moved_on_is_a_conflict_and_nothing_is_written(log):
    await log.append(append(note(1, "a")))
    with pytest.raises(Conflict):
        await log.append(append(note(2, "x"), note(1, "b")))
    assert await texts(log, 2) == []


async def test_a_stream_that_was_only_read_must_not_have_moved(log):
    await log.append(append(note(1, "a")))
    with pytest.raises(Conflict):
        await log.append(append(note(2, "b"), asserted=((stream(1), 0),)))
    await log.append(append(note(2, "b"), asserted=((stream(1), 1), (stream(3), 0))))
    assert await texts(log, 2) == ["b"]


async def test_of_many_on_one_version_exactly_one_wins_and_the_neighbours_are_untouched(log):
    outcomes = await asyncio.gather(
        *(log.append(append(note(1, f"racer {n}"))) for n in range(50)),
        *(log.append(append(note(f"other{n}", "calm"))) for n in range(50)),
        return_exceptions=True,
    )
    assert [isinstance(o, Conflict) for o in outcomes[:50]].count(False) == 1
    assert not any(isinstance(o, Exception) for o in outcomes[50:])


async def test_a_name_belongs_to_its_first_owner_until_released(log):
    await log.append(append(note(1, "a"), claims=(("slug", "tea", "1"),)))
    with pytest.raises(Taken) as refusal:
        await log.append(append(note(2, "b"), claims=(("slug", "tea", "2"),)))
    assert (refusal.value.kind, refusal.value.value) == ("slug", "tea")
    await log.append(append(releases=(("slug", "tea", "2"),)))  # not its owner: no effect
    with pytest.raises(Taken):
        await log.append(append(note(2, "b"), claims=(("slug", "tea", "2"),)))
    await log.append(append(note(1, "c", expected=1), releases=(("slug", "tea", "1"),)))
    await log.append(append(note(2, "b"), claims=(("slug", "tea", "2"),)))


async def test_one_append_may_pass_a_name_on_and_another_tenant_has_its_own(log):
    await log.append(append(note(1, "a"), claims=(("slug", "tea", "1"),)))
    passed = {"releases": (("slug", "tea", "1"),), "claims": (("slug", "tea", "2"),)}
    await log.append(append(note(2, "b"), **passed))
    theirs = note(1, "a", tenant="zenith")
    await log.append(append(theirs, tenant="zenith", claims=(("slug", "tea", "9"),)))
    with pytest.raises(Taken):
        await log.append(append(note(3, "c"), claims=(("slug", "tea", "1"),)))


async def test_a_race_for_a_name_has_one_winner(log):
    outcomes = await asyncio.gather(
        *(log.append(append(note(n, "a"), claims=(("slug", "tea", str(n)),))) for n in range(40)),
        return_exceptions=True,
    )
    assert [isinstance(o, Taken) for o in outcomes].count(False) == 1


async def test_numbers_have_no_gaps_even_when_neighbours_are_refused(log, database):
    async def number(n):
        new = New(stream(n % 30), 0, (Numbered("x"), Numbered("y")))
        return await log.append(append(new))

    outcomes = await asyncio.gather(*(number(n) for n in range(60)), return_exceptions=True)
    given = [r.event.number for o in outcomes if not isinstance(o, Exception) for r in o.recorded]
    assert sorted(given) == list(range(1, 61))
    stored = await log.read("acme", [stream(n) for n in range(30)])
    assert sorted(r.event.number for past in stored.values() for r in past) == sorted(given)
    positions = await rows(database, "SELECT position FROM log.events ORDER BY position")
    assert [p for (p,) in positions] == list(range(1, 61))


async def test_the_same_key_gets_the_same_answer_byte_for_byte(log):
    first = await log.append(append(note(1, "a"), idempotency=key("k"), answer=landed))
    again = await log.append(append(note(1, "a"), idempotency=key("k"), answer=landed))
    assert again.answer == first.answer == await log.answered("acme", key("k"))
    assert again.replayed
    assert again.recorded == ()
    assert await texts(log, 1) == ["a"]


async def test_the_same_key_at_once_writes_once(log):
    outcomes = await asyncio.gather(
        *(log.append(append(note(1, "a"), idempotency=key("k"), answer=landed)) for _ in range(20))
    )
    assert {o.answer for o in outcomes} == {outcomes[0].answer}
    assert [o.replayed for o in outcomes].count(False) == 1


async def test_a_key_used_for_another_request_is_refused(log):
    await log.append(append(note(1, "a"), idempotency=key("k"), answer=landed))
    with pytest.raises(KeyReused):
        await log.append(append(note(2, "a"), idempotency=key("k", b"two"), answer=landed))
    with pytest.raises(KeyReused):
        await log.answered("acme", key("k", b"two"))


async def test_an_answer_is_kept_also_when_there_is_no_event(log):
    await log.append(append(idempotency=key("k"), answer=landed))
    assert (await log.append(append(idempotency=key("k"), answer=landed))).replayed


async def test_without_event_and_key_nothing_is_written(log, database):
    appended = await log.append(append(answer=landed))
    assert appended.answer == b'{"id":"notes","version":0,"position":0}'
    assert await rows(database, "SELECT 1 FROM log.answers") == []


@pytest.mark.parametrize(
    ("raised", "heard"), [(ZeroDivisionError, ZeroDivisionError), (StopIteration, RuntimeError)]
)
async def test_an_answer_that_fails_hurts_its_sender_only(log, raised, heard):
    def broken(recorded):
        raise raised

    good, bad = await asyncio.gather(
        log.append(append(note(1, "a"))),
        log.append(append(note(2, "b"), answer=broken)),
        return_exceptions=True,
    )
    assert good.recorded
    assert isinstance(bad, heard)
    assert await texts(log, 2) == []
    assert (await log.append(append(note(3, "c")))).recorded


@pytest.mark.parametrize(
    "bad",
    [
        note(1, "a NUL \0 inside"),
        note(1, "half a pair \ud800"),
        note(1, "x" * 2_000_000),
        note("NUL\0", "a"),
        note("x" * 1000, "a"),
    ],
)
async def test_bad_data_hurts_its_sender_only(log, bad):
    good, refused = await asyncio.gather(
        log.append(append(note("good", "a"))), log.append(append(bad)), return_exceptions=True
    )
    assert good.recorded
    assert isinstance(refused, Rejected)


async def test_what_only_the_server_refuses_hurts_its_sender_only(log):
    huge = New(stream(1), 2**63 - 1, (Noted("no such version"),))
    long_ago = datetime(1, 1, 1, tzinfo=UTC)
    outcomes = await asyncio.gather(
        *(log.append(append(note(f"good{n}", "a"))) for n in range(20)),
        log.append(append(huge)),
        log.append(Append(call(occurred_at=long_ago), (note(2, "old"),))),
        return_exceptions=True,
    )
    assert all(o.recorded for o in outcomes[:20])
    assert isinstance(outcomes[20], Conflict)


async def test_who_follows_what_only_the_server_refused_is_refused_too(log, database):
    await log.append(append(note(1, "a")))
    with psycopg.connect(database) as owner:
        owner.execute("ALTER TABLE log.events ADD CHECK (version < 2)")
    first, other = Landing(), Landing()
    outcomes = await asyncio.gather(
        log.append(append(note(1, "b", expected=1), landing=first)),
        log.append(append(note(2, "a"), after=first)),
        log.append(append(note(3, "a"), landing=other)),
        log.append(append(note(4, "a"), after=other)),
        return_exceptions=True,
    )
    refused = [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
    assert refused == [psycopg.errors.CheckViolation, Conflict]
    assert all(outcome.recorded for outcome in outcomes[2:])


async def test_a_stream_of_another_tenant_is_a_mistake(log):
    with pytest.raises(ValueError, match="another tenant"):
        await log.append(append(note(1, "a", tenant="zenith")))


async def test_thousands_of_events_in_one_append(log):
    appended = await log.append(append(note(1, *("x" for _ in range(5000)))))
    assert appended.recorded[-1].version == 5000


async def test_two_events_of_one_append_share_the_moment_and_the_clock_never_steps_back(
    log, database
):
    await log.append(append(note(1, "a", "b")))
    await rows(database, "UPDATE log.head SET recorded_at = '2999-01-01' RETURNING 1")
    later = await log.append(append(note(2, "c")))
    assert later.recorded[0].recorded_at == datetime(2999, 1, 1, tzinfo=UTC)


async def test_when_the_head_stays_locked_callers_are_told_to_come_back(database):
    import psycopg

    async with opened(database, patience=0.5) as log:
        async with await psycopg.AsyncConnection.connect(database) as other:
            await other.execute("SELECT * FROM log.head FOR UPDATE")
            with pytest.raises(Unavailable):
                await log.append(append(note(1, "a")))
            await other.rollback()
        await insist(log, append(note(1, "a"), idempotency=key("a")))


async def test_a_server_that_is_not_there_is_unavailable():
    async with opened("postgresql://nobody@127.0.0.1:1/none", patience=0.5) as log:
        with pytest.raises(Unavailable):
            await log.append(append(note(1, "a")))
        with pytest.raises(Unavailable):
            await log.read("acme", [stream(1)])
