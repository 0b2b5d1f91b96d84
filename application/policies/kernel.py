"""What a policy is made of: the events it hears, and its reaction to each."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

import msgspec

from application.commands import Commands
from application.ports import Call, Key, Origin
from domain.kernel import Event, Recorded, Rejected, Value

Reaction = Callable[[Commands, Call, Recorded], Awaitable[None]]
Jointly = Callable[[Commands, Call, Sequence[Recorded]], Awaitable[None]]
Sieve = Callable[[Commands, Call, Sequence[Recorded]], Awaitable[Sequence[Sequence[Recorded]]]]


@dataclass(frozen=True)
class Policy:
    """Reacts to events by sending commands; every reaction may safely run twice.

    ``name`` is for ever: its position and its idempotency keys are kept under it. ``sieve``: of
    several of a tenant's events at once, those that call for a reaction, and those together that
    one is for; None: all do, each for its own. ``jointly``: the reaction to those together, for the
    call that the one which occurred last makes.
    ``in_turn``: a tenant's reactions run one after another, not those to one stream only.
    """

    name: str
    on: Mapping[type[Event], Reaction]
    sieve: Sieve | None = None
    jointly: Jointly | None = None
    in_turn: bool = False

    def call(self, recorded: Recorded) -> Call:
        """The call of the one command that this policy sends because of that event."""
        return Call(
            tenant=recorded.tenant,
            actor=f"policy:{self.name}",
            command_id=uuid5(recorded.event_id, self.name),
            correlation=recorded.correlation,
            causation=recorded.event_id,
            occurred_at=recorded.occurred_at,
            key=_key(self.name, str(recorded.event_id)),
            origin=REACTION,
        )


class Due(Value):
    """A timer that has run out: the stream it belongs to, and the time it was set for."""

    tenant: str
    id: str
    at: datetime
    now: datetime
    position: int  # of the row that holds the timer


@dataclass(frozen=True)
class Timer:
    """Reacts to a time that has come, on real time: what is imported sets no timer."""

    name: str
    reaction: Callable[[Commands, Call, Due], Awaitable[None]]

    def call(self, due: Due) -> Call:
        id = uuid5(_TIMERS, f"{self.name}/{due.tenant}/{due.id}/{due.at.isoformat()}")
        return Call(
            tenant=due.tenant,
            actor=f"policy:{self.name}",
            command_id=id,
            correlation=id,
            occurred_at=None,
            key=_key(self.name, str(id)),
            origin=REACTION,
        )


REACTION = Origin("policy")
_TIMERS = UUID("6f1c9a52-5d8e-5b0c-9b5e-3a7f0c1d2e4b")


def per(call: Call, id: str) -> Call:
    """The call of one of several commands that one event causes, each about its own ``id``."""
    assert call.key is not None
    return msgspec.structs.replace(
        call,
        command_id=uuid5(call.command_id, id),
        key=_key(call.key.route, f"{call.key.key}/{id}"),
    )


async def every(commands: Iterable[Awaitable[None]]) -> None:
    """Run them in turn; one that fails does not keep the others, and is raised at the end.

    A failure before a rejection: what failed is tried again, what was rejected is answered.
    """
    refusals: list[Exception] = []
    for command in commands:
        try:
            await command
        except Exception as error:
            refusals.append(error)
    for refusal in sorted(refusals, key=lambda r: isinstance(r, Rejected)):
        raise refusal


def _key(policy: str, key: str) -> Key:
    return Key(f"policy:{policy}", policy, key, b"")
