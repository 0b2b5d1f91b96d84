"""Causes and effects: a tree of commands, cut where it grows too large."""

from uuid import UUID

from msgspec.structs import replace

from adapters.audit.tracing import DEEPEST, MOST, Tracing, traced
from domain.tenants import CostBasisSet
from tests.audit.world import pools
from tests.support.rows import recorded


def chain(*causes):
    """Events of one correlation, by position from 1: each with its command and its cause."""
    rows = recorded([("acme/tenants/acme", CostBasisSet("x")) for _ in causes])
    return [
        replace(
            row,
            correlation=UUID(int=1),
            command_id=UUID(int=1000 + command),
            causation=cause and UUID(int=cause),
        )
        for row, (command, cause) in zip(rows, causes, strict=True)
    ]


def shape(step):
    return [event.position for event in step.events], [shape(effect) for effect in step.effects]


# Command 1 wrote events 1 and 2; command 2 followed from 2, command 3 from 1, command 4 from 3.
FAMILY = ((1, None), (1, None), (2, 2), (3, 1), (4, 3))


def test_effects_hang_on_the_command_whose_events_caused_them():
    rows = chain(*FAMILY)
    trace = traced(rows[0], rows, False)
    assert shape(trace.command) == ([1, 2], [([4], []), ([3], [([5], [])])])
    assert trace.causes == []
    assert not trace.truncated


def test_causes_are_told_the_nearest_first():
    rows = chain(*FAMILY)
    trace = traced(rows[4], rows, False)
    assert shape(trace.command) == ([5], [])
    assert [shape(step) for step in trace.causes] == [([3], []), ([1, 2], [])]
    assert not trace.truncated


def test_a_cause_that_is_not_found_is_told_as_cut():
    rows = chain((1, 99))
    assert traced(rows[0], rows, False).truncated


def test_a_tree_too_deep_is_cut_and_says_so():
    rows = chain(*((n, n - 1 or None) for n in range(1, DEEPEST + 5)))
    down, up = traced(rows[0], rows, False), traced(rows[-1], rows, False)
    assert down.truncated
    assert up.truncated
    assert len(up.causes) == DEEPEST


async def test_the_log_is_searched_around_the_event_and_no_further(database):
    rows = chain(*((n, 1 if n > 1 else None) for n in range(1, MOST + 20)))
    stranger = replace(rows[1], correlation=UUID(int=2))
    async with pools(database, [rows[0], stranger, *rows[2:]]) as (pool, _):
        few, all = await Tracing(pool).of(rows[-1]), await Tracing(pool).of(rows[0])
    assert few.truncated
    assert all.truncated
    assert len(all.command.effects) == MOST
    assert [e.events[0].position for e in all.command.effects][:2] == [3, 4]
