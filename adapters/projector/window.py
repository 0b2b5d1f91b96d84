"""The log as all projections of a process follow it: each event is read and decoded once."""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from adapters.log.codec import tag_of
from adapters.log.erased import Hook, Whom
from adapters.log.rows import FOREIGN
from adapters.log.tail import POSITION, STORED, passage
from adapters.postgres import packed
from adapters.postgres.pools import Connection
from domain.kernel import Event, Recorded

HELD, STRETCHES = 4, 1024  # full stretches, and all, kept for those that are behind the first
PATIENCE = 0.05  # seconds that the first waits for the others, so that they need not read again
_TAG = STORED.index("tag")
SPAN = 20  # positions passed over for each event asked for, at the most


class Illegible(NamedTuple):
    """In place of an event whose bytes are not what its type is made of."""

    error: str


class Stretch(NamedTuple):
    """The events above ``origin`` and up to ``reached`` that any of the projections folds.

    ``number``: of the read that it came from. ``last``: it reaches what was then the log's end.
    """

    origin: int
    reached: int
    events: Sequence[Recorded]
    number: int
    last: bool

    def after(self, position: int, limit: int, asked: int) -> "Stretch":
        """The part that somebody gets who asked when ``asked`` reads had begun: to them the end
        that an earlier one saw is none."""
        first = bisect_right(self.events, position, key=_position)
        events = self.events[first : first + limit]
        cut = first + limit < len(self.events)
        reached = events[-1].position if cut else self.reached
        last = self.last and not cut and self.number > asked
        return Stretch(position, reached, events, self.number, last)

    def until(self, position: int) -> "Stretch":
        """No further than that."""
        if self.reached <= position:
            return self
        events = self.events[: bisect_right(self.events, position, key=_position)]
        return self._replace(reached=position, events=events)


class Window:
    """What ``types`` of events there are, by position. Its readers share what was read last."""

    def __init__(self, types: Iterable[type[Event]]) -> None:
        wanted, self._hook = set(types), Hook()
        self._decoders = {
            tag_of(kind): msgspec.json.Decoder(kind, dec_hook=self._hook).decode for kind in wanted
        }
        self._tags = packed.texts(self._decoders)
        self._held: deque[Stretch] = deque(maxlen=STRETCHES)
        self._places: dict[str, int] = {}
        self._looked: dict[str, int] = {}  # the reads that there were when each got something
        self._reads, self._turn = 0, asyncio.Lock()
        self._ended: Stretch | None = None  # what the last read gave that found nothing
        self._moved = asyncio.Event()

    async def after(
        self, db: Connection, reader: str, position: int, limit: int, hinted: bool = True
    ) -> Stretch:
        """At most ``limit`` events above ``position``; ``reached`` is how far they get one.

        ``hinted`` False: nobody has told the reader to look, so that it need not look for itself
        if another has found nothing there since it last did."""
        self._places[reader] = position
        self._moved.set()
        asked = self._reads if hinted else self._looked.get(reader, self._reads)
        found = self._find(position, limit) or self._end(position, asked)
        if not found:
            await self._make_room(limit)
            async with self._turn:
                found = self._find(position, limit) or self._end(position, asked)
                found = found or await self._read(db, position, limit)
        self._looked[reader] = self._reads
        return found.after(position, limit, asked)

    def hear(self, reader: str, rows: Sequence[tuple[Any, ...]]) -> Stretch:
        """Events that follow on one another, as somebody told ``reader``, who is there now."""
        origin, reached = rows[0][POSITION] - 1, rows[-1][POSITION]
        events = [self.recorded(row) for row in rows if row[_TAG] in self._decoders]
        self._held.append(Stretch(origin, reached, events, self._reads, last=False))
        self._places[reader] = reached
        self._moved.set()
        return self._held[-1]

    async def read_ahead(self, db: Connection, limit: int, stop: asyncio.Event) -> None:
        """Read what the foremost reader will ask for next while it is busy with what it has, up
        to the log's end."""
        while self._places and not stop.is_set():
            if self._held and max(self._places.values()) < self._held[-1].origin:
                self._moved.clear()
                await self._moved.wait()
                continue
            await self._make_room(limit)
            async with self._turn:
                if (await self._read(db, self.reached, limit)).last:
                    return

    @property
    def reached(self) -> int:
        """How far the log is read."""
        return self._held[-1].reached if self._held else max(self._places.values(), default=0)

    def forget(self, whom: Whom) -> None:
        """They are erased: nothing that is read or held from now on has anything of theirs."""
        if whom != self._hook.whom:
            self._hook.whom = whom
            self._held.clear()

    def leave(self, reader: str) -> None:
        """Nobody need wait for it."""
        self._places.pop(reader, None)
        self._looked.pop(reader, None)
        self._moved.set()

    def _find(self, position: int, limit: int) -> Stretch | None:
        """As much as is held of what ``limit`` events reach: who comes late takes many small
        stretches at once."""
        found: list[Stretch] = []
        for stretch in reversed(self._held):
            found.append(stretch)
            if stretch.origin <= position < stretch.reached:
                return _joined(found, limit)
        return None

    def _end(self, position: int, asked: int) -> Stretch | None:
        """That there is no more, when someone looked since this one asked."""
        end = self._ended
        return end if end and end.number > asked and end.origin == position else None

    async def _make_room(self, limit: int) -> None:
        """When that is a lot, let the others leave the oldest stretch first; not for ever."""
        while sum(len(stretch.events) for stretch in self._held) >= HELD * limit:
            oldest = self._held[0]
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    while self._is_wanted(oldest):
                        self._moved.clear()
                        await self._moved.wait()
            if self._held and self._held[0] is oldest:
                self._held.popleft()

    def _is_wanted(self, stretch: Stretch) -> bool:
        return any(stretch.origin <= place < stretch.reached for place in self._places.values())

    async def _read(self, db: Connection, position: int, limit: int) -> Stretch:
        self._reads = number = self._reads + 1
        rows, reached, last = await passage(db, position, limit, self._tags, SPAN * limit)
        read = Stretch(position, reached, list(map(self.recorded, rows)), number, last)
        if reached > position:
            self._held.append(read)
        else:
            self._ended = read
        return read

    def recorded(self, row: tuple[Any, ...]) -> Recorded:
        """Of a row as STORED, its personal data sealed; what cannot be decoded is Illegible."""
        *envelope, schema, data = row
        event: Any = None  # another library's
        if schema != FOREIGN:
            try:
                event = self._decoders[envelope[_TAG]](data)
            except Exception as error:
                event = Illegible(f"{type(error).__name__}: {error}")
        envelope.append(event)
        return Recorded(*envelope)


def _joined(latest_first: list[Stretch], limit: int) -> Stretch:
    """With what goes on where the first ends, whatever lies between: stretches that were heard and
    that were read overlap."""
    first = found = latest_first.pop()
    many = len(found.events)
    events = [found.events]
    while latest_first and many < limit:
        following = latest_first.pop()
        if following.origin <= found.reached < following.reached:
            start = bisect_right(following.events, found.reached, key=_position)
            events.append(following.events[start:])
            many += len(events[-1])
            found = following
    if found is first:
        return first
    return found._replace(origin=first.origin, events=list(chain.from_iterable(events)))


def _position(recorded: Recorded) -> int:
    return recorded.position
