"""Causes and effects of an event, as a tree of commands.

An effect has its cause's correlation and lies after it, so all are found among the events of one
correlation around the event.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from adapters.audit.seeing import rows, seeing
from adapters.log.rows import COLUMNS, Row
from adapters.postgres.pools import Pool

MOST = 500  # events looked at on either side
DEEPEST = 20  # commands one after another
_AROUND = f"""(SELECT {COLUMNS} FROM log.events WHERE tenant = %s AND correlation = %s
    AND position <= %s ORDER BY position DESC LIMIT {MOST + 1})
UNION ALL (SELECT {COLUMNS} FROM log.events WHERE tenant = %s AND correlation = %s
    AND position > %s ORDER BY position LIMIT {MOST + 1})"""


class Brief(Struct, frozen=True):
    """An event without what is in it."""

    position: int
    event_id: UUID
    context: str
    id: str
    version: int
    tag: str


class Step(Struct, frozen=True):
    """A command with all its events. ``effects``: the commands that they caused."""

    command_id: UUID
    actor: str
    recorded_at: datetime
    causation: UUID | None
    events: list[Brief]
    effects: list["Step"]


class Trace(Struct, frozen=True):
    """``causes``: the commands that led to it, the nearest first, without their other effects.

    ``truncated``: there is more than is told.
    """

    command: Step
    causes: list[Step]
    truncated: bool


class Tracing:
    """``pool``: of souk_audit."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of(self, row: Row) -> Trace:
        asked = (row.tenant, row.correlation, row.position)
        async with seeing(self._pool, row.tenant) as db:
            around = [Row(*r) for r in await rows(db, _AROUND, (*asked, *asked))]
        before = [r for r in around if r.position <= row.position]
        after = [r for r in around if r.position > row.position]
        cut = len(before) > MOST or len(after) > MOST
        return traced(row, [*before[:MOST][::-1], *after[:MOST]], cut)


def traced(row: Row, around: Sequence[Row], truncated: bool) -> Trace:
    """``around``: events of its correlation, itself among them, by position."""
    return _Tree(around, truncated).trace(row)


class _Tree:
    def __init__(self, around: Sequence[Row], truncated: bool) -> None:
        self._truncated = truncated
        self._commands: defaultdict[UUID, list[Row]] = defaultdict(list)
        self._caused: defaultdict[UUID, list[UUID]] = defaultdict(list)  # commands by event id
        self._events = {row.event_id: row for row in around}
        for row in around:
            if row.causation and row.command_id not in self._commands:
                self._caused[row.causation].append(row.command_id)
            self._commands[row.command_id].append(row)

    def trace(self, row: Row) -> Trace:
        causes = self._causes(row)
        return Trace(self._step(row.command_id, DEEPEST), causes, self._truncated)

    def _causes(self, row: Row) -> list[Step]:
        causes: list[Step] = []
        while row.causation is not None:
            cause = self._events.get(row.causation)
            if cause is None or len(causes) == DEEPEST:
                self._truncated = True
                break
            causes.append(self._step(cause.command_id, 0))
            row = cause
        return causes

    def _step(self, command: UUID, depth: int) -> Step:
        events = self._commands[command]
        effects = [c for row in events for c in self._caused[row.event_id]]
        first = events[0]
        return Step(
            command,
            first.actor,
            first.recorded_at,
            first.causation,
            [_brief(row) for row in events],
            self._steps(effects, depth),
        )

    def _steps(self, commands: list[UUID], depth: int) -> list[Step]:
        if depth == 0:
            return []
        if depth == 1 and commands:
            self._truncated = True
            return []
        return [self._step(command, depth - 1) for command in commands]


def _brief(row: Row) -> Brief:
    _, context, id = row.stream.split("/", 2)
    return Brief(row.position, row.event_id, context, id, row.version, row.tag)
