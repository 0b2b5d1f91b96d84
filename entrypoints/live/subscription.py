"""One conversation's place in one channel, and how it comes to have everything."""

import asyncio
from collections.abc import Iterator
from itertools import groupby
from typing import Protocol, cast
from weakref import WeakValueDictionary

import msgspec

from adapters.live.change import Change, Where
from adapters.live.channel import Channel, Sink, Slot
from adapters.live.hub import Hub
from adapters.live.peer import Frame, Peer
from application.ports import Forbidden, Missing, Unavailable
from entrypoints.caller import Caller
from entrypoints.live.messages import Resumed, Resync
from entrypoints.live.snapshots import Shot, Snapshots
from entrypoints.live.topics import Right, Topic, hidden, owned, retired, right, sees

AT_ONCE = 8  # snapshots that are read for one reader; each is held until their network takes it
TURNS = 20  # times that somebody is read more to before they are told to come back later
BREATH = 100  # messages of a history that are sent before others have their turn
KEPT = 2048  # messages made of the history: thousands may want the same at once


class Past(Protocol):
    """``adapters.live.history.History``."""

    async def since(self, tenant: str, where: Where, after: int) -> list[Change] | None: ...


class Reader(Protocol):
    """The conversation that it belongs to."""

    caller: Caller
    peer: Peer

    def restart(self, sub: "Subscription") -> None: ...
    def end(self, sub: "Subscription", error: Forbidden | Missing) -> None: ...


class Subscription(Slot):
    """``topic``: the channel's, which all its readers share. ``after``: where its reader would go
    on from; ``admitted``: they may see it, as its document was when it was read; ``begun``: it was
    told something; ``work``: brings it there."""

    __slots__ = ("admitted", "after", "begun", "reader", "topic", "work")

    def __init__(
        self, channel: Channel, topic: Topic, sink: Sink, reader: Reader, after: int | None = None
    ) -> None:
        super().__init__(channel, sink)
        self.topic, self.reader, self.after = topic, reader, after
        self.admitted = self.begun = False
        self.work: asyncio.Task[None] | None = None

    def restart(self) -> None:
        self.reader.restart(self)

    def hear_over(self, over: Change) -> None:
        """Before it is admitted, that is not for a change to say, which may be of long ago: the
        document is still to be read, and once more if it changes while it is."""
        kind = self.topic.kind.under
        if self.admitted and kind is not None and not sees(self.reader.caller, kind, over.document):
            self.reader.end(self, Missing(kind.unknown))

    @property
    def joining(self) -> bool:
        return self in self.channel.joining

    @property
    def gone(self) -> bool:
        """While it waited for something: unsubscribed, or its reader left."""
        return not self.joining

    def allowed(self, caller: Caller) -> bool:
        """Whether they may still watch it; while it joins, its document will tell."""
        try:
            return right(caller, self.topic) is Right.ANY or self.own or self.joining
        except Forbidden:
            return False

    def admit(self, caller: Caller, document: bytes | None, over: Shot | None) -> None:
        """What the right to a topic depends on, once its ``document`` is known, if it is one, and
        what it is under. Raises Missing, the same for what is not there and for what is not
        theirs; Forbidden."""
        kind, found, topic = self.topic.kind, right(caller, self.topic), self.topic
        if over is not None:
            self._admit_under(caller, over)
        elif document is not None:
            self.own = owned(kind, document, caller.user)
        self.hidden = hidden(caller, topic, self.own)
        if topic.by_id and self._unseen(found, document):
            raise Missing(kind.unknown)
        self.admitted = True

    def _unseen(self, found: Right, document: bytes | None) -> bool:
        if document is None:
            return self.topic.kind.unknown != ""
        return (found is Right.PARTY and not self.own) or (self.hidden and retired(document))

    def _admit_under(self, caller: Caller, over: Shot) -> None:
        kind = over.topic.kind
        if not sees(caller, kind, over.document):
            raise Missing(kind.unknown)
        self.own = over.document is not None and owned(kind, over.document, caller.user)


class Splicer:
    """Brings a subscription to where its channel is: by a snapshot, or by what it missed."""

    def __init__(self, snapshots: Snapshots, past: Past, hub: Hub) -> None:
        self._snapshots, self._past, self._hub = snapshots, past, hub
        self._made: dict[tuple[str, str, int, int, int, bool], Frame] = {}
        # Each is there while somebody has it, or waits for it.
        self._turns: WeakValueDictionary[Reader, asyncio.Semaphore] = WeakValueDictionary()

    async def start(self, sub: Subscription) -> None:
        """It must have joined its channel. Raises Missing, Forbidden, Unavailable."""
        if sub.gone:
            return
        if (after := sub.after) is None:
            await self._snapshot(sub, 0)
            return
        shot: Shot | None = None
        if sub.topic.by_id:
            _, shot = await sub.channel.read(self._snapshots, False)
        await self._admit(sub, shot)
        if sub.gone:
            return
        sub.begun = True
        sub.sink.send(_frame(Resumed(sub.topic.text, after), after))
        await self._follow(sub, after, -1, 0)

    async def again(self, sub: Subscription, turn: int = 0) -> None:
        """Everything anew, because what the reader knows is no base to go on from."""
        if sub.gone:
            return
        sub.begun = True
        sub.sink.send(_frame(Resync(sub.topic.text)))
        await self._snapshot(sub, turn)

    async def _snapshot(self, sub: Subscription, turn: int) -> None:
        if turn >= TURNS:
            raise Unavailable("snapshots")
        async with self._turn(sub.reader):
            told = await self._shown(sub)
        if told is not None:
            await self._follow(sub, *told, turn)

    def _turn(self, reader: Reader) -> asyncio.Semaphore:
        if (turn := self._turns.get(reader)) is None:
            turn = self._turns[reader] = asyncio.Semaphore(AT_ONCE)
        return turn

    async def _shown(self, sub: Subscription) -> tuple[int, int] | None:
        """The position of the snapshot that was sent, and ``lost`` before it was read; None when
        nobody waits for it any more."""
        await sub.reader.peer.drained()  # before it is read: what nobody takes yet is much
        if sub.gone:
            return None
        unseen = not sub.topic.by_id and hidden(sub.reader.caller, sub.topic, False)
        lost, shot = await sub.channel.read(self._snapshots, unseen)
        await self._admit(sub, shot)
        await sub.reader.peer.drained()
        if sub.gone:
            return None
        sub.begun = True
        sub.sink.send(shot.frame)
        return shot.position, lost

    async def _admit(self, sub: Subscription, shot: Shot | None) -> None:
        """Unless it is gone. What it is under is read when its changes are told already, so that
        none is missed."""
        document = shot.document if shot and sub.topic.by_id else None
        under: Shot | None = None
        if not sub.gone and (topic := sub.topic.over(document)) is not None:
            over = self._hub.over(sub.channel, topic)
            under = cast(Shot, await over.read(self._snapshots))
            if under.document is not None and not retired(under.document):
                over.shown(under.position)
        if not sub.gone:
            sub.admit(sub.reader.caller, document, under)

    async def _follow(self, sub: Subscription, after: int, lost: int, turn: int) -> None:
        """What was kept by its channel; else, since that is too much, what the past has."""
        seq = 0
        for _ in range(TURNS):
            if sub.channel.settle(sub, after, seq, lost):
                return
            lost = sub.channel.lost
            changes = await self._past.since(sub.channel.tenant, sub.topic.where, after)
            if sub.gone:
                return
            if changes is None:
                await self.again(sub, turn + 1)
                return
            for frame, position, last in self._frames(sub, changes):
                await sub.reader.peer.drained()
                if sub.gone:
                    return
                sub.sink.send(frame)
                after, seq = position, last
                await _breathe(position)
                if sub.gone:
                    return
        raise Unavailable("changes")

    def _frames(self, sub: Subscription, changes: list[Change]) -> Iterator[tuple[Frame, int, int]]:
        """One message for each position, with it and its last seq."""
        for position, found in groupby(changes, key=lambda change: change.position):
            group = list(found)
            # Not by position: one that somebody was told may be joined by what comes late.
            which = group[0].seq, group[-1].seq, len(group)
            key = (sub.channel.tenant, sub.topic.text, *which, sub.hidden)
            if (frame := self._made.get(key)) is None:
                frame = self._made[key] = sub.topic.changed(group, sub.hidden)
                if len(self._made) > KEPT:
                    del self._made[next(iter(self._made))]
            yield frame, position, group[-1].seq


async def _breathe(position: int) -> None:
    if position % BREATH == 0:
        await asyncio.sleep(0)


def _frame(message: msgspec.Struct, position: int | None = None) -> Frame:
    return Frame(msgspec.json.encode(message), "" if position is None else str(position))
