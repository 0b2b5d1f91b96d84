"""A chunk of a bulk decided: each item by itself, so that one which is refused stops no other."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from application.bulks.items import Blocked, Item, Kind, Name
from application.bulks.past import Run
from application.ports import Append, Forbidden, Ledger, Missing, New
from application.work import Work, stream_of
from domain.bulks import Refusal
from domain.kernel import Rejected, Value

PIECE = 50  # items that are decided without a pause


class Decided(Value):
    """What became of one item: its events, or why there are none."""

    index: int
    item: Item
    before: Any = None
    after: Any = None
    events: tuple[Any, ...] = ()
    takes: tuple[Name, ...] = ()
    frees: tuple[Name, ...] = ()
    refusal: Refusal | None = None
    blocked: Blocked | None = None


class Names:
    """Who holds which name, by the log and by what was decided since. ``before``: those of the
    chunk before, which is still under way."""

    def __init__(self, ledger: Ledger, tenant: str, before: "Names | None" = None) -> None:
        self._ledger, self._tenant = ledger, tenant
        self._moved: dict[Name, str | None] = {}
        self._held: dict[Name, str | None] = dict(before._moved) if before else {}

    async def look(self, names: set[Name]) -> None:
        if unknown := sorted(names - self._held.keys()):
            found = await self._ledger.held(self._tenant, unknown)
            self._held |= {name: found.get(name) for name in unknown}

    def taken(self, done: Decided) -> Name | None:
        """Which of the names that it wants another has."""
        free = (None, done.item.id)
        return next((name for name in done.takes if self._held[name] not in free), None)

    def move(self, done: Decided) -> None:
        """Gives it its names."""
        id = done.item.id
        moved: dict[Name, str | None] = {
            name: None for name in done.frees if self._held.get(name, id) == id
        }
        moved |= dict.fromkeys(done.takes, id)
        self._held |= moved
        self._moved |= moved


class Deciding:
    """How the items of one bulk are decided. ``run``: what is to be undone.

    ``repeated``: the places of items that an earlier one has named already.
    """

    def __init__(self, kind: Kind, owner: str | None, items: Sequence[Item], run: Run | None):
        self._kind, self._owner, self._items, self._run = kind, owner, items, run
        first: dict[str, int] = {}
        for place, item in enumerate(items):
            first.setdefault(item.id, place)
        self._repeated = {n for n, item in enumerate(items) if first[item.id] != n}

    async def chunk(
        self, work: Work, names: Names, first: int, end: int, ledger: Ledger | None = None
    ) -> list[Decided]:
        """``ledger``: also refuse what the log would not take, which costs an encoding each."""
        decider, items = self._kind.decider, self._items[first:end]
        work.begin(*((decider, item.id) for item in items if item.op == "create"))
        asked = [(decider, item.id) for item in items if item.wrong is None]
        await work.gather([*asked, *self._kind.needs(work.call, items)])
        pasts = await self._run.pasts([x.id for x in items]) if self._run else {}
        found = list[Decided]()
        for index, item in enumerate(items, first):
            if len(found) % PIECE == 0:
                await asyncio.sleep(0)  # what is being written, and others, go first
            found.append(await self._one(work, index, item, pasts))
        await names.look({name for done in found for name in done.takes})
        return [self._allowed(work, done, names, ledger) for done in found]

    async def _one(
        self, work: Work, index: int, item: Item, pasts: Mapping[str, Sequence[Any]]
    ) -> Decided:
        if item.wrong:
            return _refused(index, item, *item.wrong)
        if index in self._repeated:
            return _refused(index, item, "bulks.repeated", "each item is named once")
        kind, state = self._kind, await work.load(self._kind.decider, item.id)
        try:
            if item.op != "create":
                kind.owned(state, self._owner)
            if self._run is None:
                commands = await kind.commands(work, item, state)
            else:
                before, blocked = self._run.before(item.id, pasts[item.id])
                if blocked:
                    return _blocked(index, item, blocked)
                commands = await kind.back(work, before, state)
            return self._decided(index, item, state, commands)
        except Rejected as no:
            return _refused(index, item, no.code, no.detail)
        except (Missing, Forbidden) as no:
            return _refused(index, item, no.code)

    def _decided(self, index: int, item: Item, before: Any, commands: Sequence[Any]) -> Decided:
        """All of the commands, or none."""
        decider, state, events = self._kind.decider, before, list[Any]()
        for command in commands:
            new = decider.decide(state, command)
            state = reduce(decider.evolve, new, state)
            events += new
        if not events:
            return Decided(index, item, before, state)
        had, has = self._kind.names(before), self._kind.names(state)
        if had == has:
            return Decided(index, item, before, state, tuple(events))
        takes, frees = tuple(sorted(has - had)), tuple(sorted(had - has))
        return Decided(index, item, before, state, tuple(events), takes, frees)

    def _allowed(self, work: Work, done: Decided, names: Names, ledger: Ledger | None) -> Decided:
        """Names first: what the log would not take is only looked for when it has refused some."""
        if not done.events:
            return done
        if taken := names.taken(done):
            return _refused(done.index, done.item, f"{taken[0]}_taken", f"{taken[1]} is taken")
        if ledger:
            try:
                ledger.check(self._alone(work, done))
            except Rejected as no:
                return _refused(done.index, done.item, no.code, no.detail)
        names.move(done)
        return done

    def _alone(self, work: Work, done: Decided) -> Append:
        id = done.item.id
        stream = stream_of(work.call.tenant, self._kind.decider, id)
        claims = tuple((*name, id) for name in done.takes)
        return Append(work.call, (New(stream, 0, done.events),), (), claims)

    def write(self, work: Work, chunk: Sequence[Decided]) -> None:
        """Into the work, to be appended with it."""
        for done in chunk:
            if done.events:
                work.record(self._kind.decider, done.item.id, done.events, done.after)
            for name in done.frees:
                work.release(*name, done.item.id)
            for name in done.takes:
                work.claim(*name, done.item.id)


def _refused(index: int, item: Item, code: str, detail: str = "") -> Decided:
    return Decided(index, item, refusal=Refusal(index, item.id, code, detail))


def _blocked(index: int, item: Item, blocked: Blocked) -> Decided:
    places = ", ".join(str(later.position) for later in blocked.events)
    detail = f"changed since, at {places}"
    refusal = Refusal(index, item.id, "bulks.blocked", detail)
    return Decided(index, item, refusal=refusal, blocked=blocked)
