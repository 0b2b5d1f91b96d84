"""One topic of one tenant: who watches it, and what they are told."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from adapters.live.change import Change, Where
from adapters.live.peer import Frame, Key

MOST = 256  # messages kept for those who are being spliced in; beyond, they read the history
How: TypeAlias = "Callable[[Channel, bool], Awaitable[Any]]"
Reading: TypeAlias = "asyncio.Task[tuple[int, Any]]"


class Watched(Protocol):
    """What a channel is about, and how its changes are told."""

    @property
    def text(self) -> str:
        """Its name."""
        ...

    @property
    def where(self) -> Where: ...
    @property
    def newest_wins(self) -> bool:
        """A reader that is slow needs only the newest document of each id."""
        ...

    def changed(self, changes: Sequence[Change], hidden: bool) -> Frame:
        """One message for all of them. ``hidden``: as who may not see all of it is told."""
        ...

    def hides(self, changes: Sequence[Change]) -> bool:
        """Is that another message for who may not see all of it?"""
        ...

    def loses(self, changed: Change) -> bool:
        """May some of its readers not see it, now that what it is under has changed so?"""
        ...


class Sink(Protocol):
    """Where messages go: a peer, or what numbers them for one."""

    def send(self, frame: Frame) -> None: ...
    def latest(self, key: Key, frame: Frame) -> None: ...


class Told(NamedTuple):
    """One message, as all are told it and as who may not see all of it is."""

    position: int
    seq: int
    key: Key  # of the topic and its documents: nothing else is replaced by them
    shown: Frame
    hidden: Frame


class Slot(ABC):
    """One reader in one channel. ``above``: positions up to it are known to the reader."""

    __slots__ = ("above", "channel", "hidden", "own", "sink")

    def __init__(self, channel: "Channel", sink: Sink) -> None:
        self.channel, self.sink = channel, sink
        self.above = 0
        self.own = False  # the document is the reader's own, who needs no wider right to see it
        self.hidden = False  # may not see all of it

    @abstractmethod
    def restart(self) -> None:
        """The reader must be told everything anew. Leaves the channel, and joins it again."""

    @abstractmethod
    def hear_over(self, over: Change) -> None:
        """What the topic is under has changed. Leaves the channel, if it is not for this reader."""

    def push(self, told: Told) -> None:
        frame = told.hidden if self.hidden else told.shown
        if self.channel.topic.newest_wins:
            self.sink.latest(told.key, frame)
        else:
            self.sink.send(frame)


class Channel:
    """Its readers: those who have all so far, and those who join, for whom it keeps what is told
    until what they read first has come."""

    __slots__ = ("_forget", "_reading", "_told", "joining", "live", "lost", "tenant", "topic")

    def __init__(self, tenant: str, topic: Watched, forget: "Callable[[Channel], None]") -> None:
        self.tenant, self.topic, self._forget = tenant, topic, forget
        self.live: set[Slot] = set()
        self.joining: set[Slot] = set()
        self.lost = 0  # how often what was kept had to be given up
        self._told: list[Told] = []
        self._reading: dict[bool, Reading] = {}  # by ``hidden``

    def join(self, slot: Slot) -> None:
        """From now on everything is kept for it."""
        self.live.discard(slot)
        self.joining.add(slot)

    def leave(self, slot: Slot) -> None:
        self.live.discard(slot)
        self.joining.discard(slot)
        self._tidy()

    def _tidy(self) -> None:
        if self.joining or self._reading:
            return
        self._told.clear()
        if not self.live:
            self._forget(self)

    async def read(self, how: How, hidden: bool) -> tuple[int, Any]:
        """What ``how`` reads, for who may not see all of it if ``hidden``, and ``lost`` before it
        did. All of either who wait at once share one reading: what was told since before it began
        is kept for each of them."""
        if (reading := self._reading.get(hidden)) is None:
            reading = asyncio.create_task(self._read(how, hidden), name="souk-live-read")
            self._reading[hidden] = reading
            reading.add_done_callback(_heard)
        return await asyncio.shield(reading)

    async def _read(self, how: How, hidden: bool) -> tuple[int, Any]:
        lost = self.lost
        try:
            return lost, await how(self, hidden)
        finally:
            del self._reading[hidden]
            self._tidy()

    def tell(self, changes: Sequence[Change]) -> None:
        """Changes at one position, each of this topic."""
        if any(change.late for change in changes):
            self.anew()
            return
        told = self._message(changes)
        if self.joining or self._reading:
            self._keep(told)
        for slot in tuple(self.live):
            if slot.above < told.position:
                slot.push(told)

    def tell_over(self, over: Change) -> None:
        """A change of what the topic is under."""
        if self.topic.loses(over):
            for slot in (*self.live, *self.joining):
                slot.hear_over(over)

    def _message(self, changes: Sequence[Change]) -> Told:
        shown = self.topic.changed(changes, False)
        hidden = self.topic.changed(changes, True) if self.topic.hides(changes) else shown
        last, key = changes[-1], " ".join(change.topic for change in changes)
        return Told(last.position, last.seq, (self.topic.text, key), shown, hidden)

    def _keep(self, told: Told) -> None:
        if len(self._told) >= MOST:
            self._give_up()
        self._told.append(told)

    def _give_up(self) -> None:
        self._told.clear()
        self.lost += 1

    def anew(self, below: int | None = None) -> None:
        """What readers have is no base to go on from, as when a document changed at a position
        that they are past: only reading it again helps. ``below``: but for those who began at
        that position or above it."""
        self._give_up()
        for slot in tuple(self.live):
            if below is None or slot.above < below:
                slot.restart()

    def settle(self, slot: Slot, after: int, seq: int, lost: int) -> bool:
        """Tell it what was kept after that position and that seq; it has everything then, and is
        told what comes. False: not all of that is kept any more (``lost``: as it was when
        what the reader has was read)."""
        if lost != self.lost:
            return False
        slot.above = after
        for told in self._told:
            if told.seq > seq and told.position > slot.above:
                slot.push(told)
                slot.above = told.position
        self.joining.discard(slot)
        self.live.add(slot)
        if not self.joining and not self._reading:
            self._told.clear()
        return True


def _heard(reading: Reading) -> None:
    """Whoever waited may have gone; that is nothing to complain of."""
    if not reading.cancelled():
        reading.exception()
