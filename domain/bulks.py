"""Bulks: one request that writes to many items, chunk by chunk. A bulk's id is the correlation of
every event that it writes."""

from typing import assert_never

from domain.kernel import Command, Event, Rejected, Value, but

MOST = 10_000  # items


class Refusal(Value):
    """An item that was left as it was. ``index``: its place in the bulk, from 0."""

    index: int
    id: str
    code: str
    detail: str = ""


class Start(Command):
    """``digest``: of the request and of what it selected. ``ids``: the items, unless the request
    names them. ``undoes``: the bulk that is taken back."""

    kind: str
    owner: str
    total: int
    digest: str
    undoes: str | None = None
    ids: tuple[str, ...] = ()


class Advance(Command):
    """Items are dealt with up to (without) ``upto``; ``events``: how many that wrote."""

    upto: int
    refused: tuple[Refusal, ...]
    events: int


class TakeBack(Command):
    """``by``: the bulk that undoes this one."""

    by: str


class Started(Event, tag="bulks.started"):
    kind: str
    owner: str
    total: int
    digest: str
    undoes: str | None
    ids: tuple[str, ...] = ()


class Advanced(Event, tag="bulks.advanced"):
    """``events``: how many were written with it, next to it in the log."""

    upto: int
    applied: int
    refused: tuple[Refusal, ...]
    events: int


class Completed(Event, tag="bulks.completed"):
    applied: int
    refused: int


class Undone(Event, tag="bulks.undone"):
    by: str


COMMANDS = Start | Advance | TakeBack
EVENTS = Started | Advanced | Completed | Undone


class Bulk(Value):
    """``owner`` is empty while there is none. ``upto``: how many items are dealt with."""

    owner: str = ""
    kind: str = ""
    total: int = 0
    digest: str = ""
    undoes: str | None = None
    ids: tuple[str, ...] = ()
    upto: int = 0
    refused: int = 0
    completed: bool = False
    undone_by: str | None = None

    @property
    def exists(self) -> bool:
        return self.owner != ""

    @property
    def applied(self) -> int:
        return self.upto - self.refused


EMPTY = Bulk()


def decide(bulk: Bulk, command: COMMANDS) -> list[EVENTS]:
    if isinstance(command, Start):
        return _start(bulk, command)
    if not bulk.exists:
        raise Rejected("bulks.unknown_bulk")
    match command:
        case Advance():
            return _advance(bulk, command)
        case TakeBack(by=by):
            if bulk.undone_by not in (None, by):
                raise _undone(bulk)
            return [] if bulk.undone_by else [Undone(by)]
        case _:
            assert_never(command)


def _start(bulk: Bulk, new: Start) -> list[EVENTS]:
    if bulk.exists:
        if (bulk.owner, bulk.digest) != (new.owner, new.digest):
            raise Rejected("bulks.bulk_exists")
        return []
    if not 0 <= new.total <= MOST:
        raise Rejected("bulks.too_many", f"at most {MOST} items")
    started = Started(new.kind, new.owner, new.total, new.digest, new.undoes, new.ids)
    return [started] if new.total else [started, Completed(0, 0)]


def _advance(bulk: Bulk, step: Advance) -> list[EVENTS]:
    if bulk.undone_by:
        raise _undone(bulk)
    if not bulk.upto < step.upto <= bulk.total:
        raise Rejected("bulks.out_of_step", f"{bulk.upto} of {bulk.total} are done")
    places = [refusal.index for refusal in step.refused]
    if places != sorted({p for p in places if bulk.upto <= p < step.upto}):
        raise Rejected("bulks.out_of_step", "what is refused is told in order, once")
    advanced = Advanced(
        step.upto, step.upto - bulk.upto - len(step.refused), step.refused, step.events
    )
    after = evolve(bulk, advanced)
    if step.upto < bulk.total:
        return [advanced]
    return [advanced, Completed(after.applied, after.refused)]


def _undone(bulk: Bulk) -> Rejected:
    return Rejected("bulks.undone", f"{bulk.undone_by} has undone it")


def evolve(bulk: Bulk, event: EVENTS) -> Bulk:
    match event:
        case Started():
            return Bulk(event.owner, event.kind, event.total, event.digest, event.undoes, event.ids)
        case Advanced(upto=upto, refused=refused):
            return but(bulk, upto=upto, refused=bulk.refused + len(refused))
        case Completed():
            return but(bulk, completed=True)
        case Undone(by=by):
            return but(bulk, undone_by=by)
        case _:
            assert_never(event)
