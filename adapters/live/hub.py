"""Who watches what: each change goes to the channels it belongs to, encoded once for each."""

from collections.abc import Sequence
from typing import Any

from adapters.live.change import ID, Change, Where
from adapters.live.channel import Channel, How, Watched
from application.ports import Unavailable

TURNS = 20  # times that it is read while it changes before they are told to come back later

Key = tuple[str, str, int, str]  # tenant, context, token, value


class Over:
    """A document that others are for: who does not see it may not watch what is under it."""

    def __init__(self, tenant: str, topic: Watched) -> None:
        self.tenant, self.topic = tenant, topic
        self._shown = 0  # the position up to which it is known to have been for everybody
        self._reading = self._afresh()

    def _afresh(self) -> Channel:
        return Channel(self.tenant, self.topic, lambda _: None)

    async def read(self, how: How) -> Any:
        """All who wait at once share one reading; what changed meanwhile is read again. Raises
        Unavailable, if it changes without end."""
        for _ in range(TURNS):
            reading = self._reading
            _, found = await reading.read(how, False)
            if reading is self._reading:
                return found
        raise Unavailable("snapshots")

    def shown(self, position: int) -> None:
        """At that position it was for everybody, so that no change of before need be told."""
        self._shown = max(self._shown, position)

    def takes(self, change: Change) -> bool:
        """Whether the change may be news. If so, whoever comes now shares no reading of before."""
        if not change.late and change.position <= self._shown:
            return False
        self._reading = self._afresh()
        return True


class Hub:
    """The channels that somebody watches, by what their changes' topics say."""

    def __init__(self) -> None:
        self._channels: dict[Key, Channel] = {}
        # By the projection and the key of a document: what is for those alone who see that one.
        self._under: dict[str, dict[Key, set[Channel]]] = {}
        self._over: dict[Channel, Over] = {}

    def channel(self, tenant: str, topic: Watched) -> Channel:
        """The one of that topic in that tenant. It is forgotten when nobody is left in it."""
        key = _key(tenant, topic.where)
        if (found := self._channels.get(key)) is None:
            found = self._channels[key] = Channel(tenant, topic, self._forget)
        return found

    def over(self, channel: Channel, topic: Watched) -> "Over":
        """The document that the channel is under, which must have somebody in it: from now on they
        are told when that changes."""
        if (found := self._over.get(channel)) is None:
            found = self._over[channel] = Over(channel.tenant, topic)
            documents = self._under.setdefault(topic.where.projection, {})
            documents.setdefault(_key(channel.tenant, topic.where), set()).add(channel)
        return found

    def __len__(self) -> int:
        return len(self._channels)

    def _forget(self, channel: Channel) -> None:
        key = _key(channel.tenant, channel.topic.where)
        if self._channels.get(key) is channel:
            del self._channels[key]
        if over := self._over.pop(channel, None):
            where = over.topic.where
            documents, key = self._under[where.projection], _key(channel.tenant, where)
            documents[key].discard(channel)
            if not documents[key]:
                del documents[key]

    def take(self, group: Sequence[Change]) -> None:
        """Changes of one projection at one position. A look-up for each token of each topic,
        however many watch."""
        if documents := self._under.get(group[0].projection):
            self._take_over(group, documents)
        if len(group) == 1:
            for channel in self._of(group[0]):
                channel.tell(group)
            return
        told: dict[int, tuple[Channel, list[Change]]] = {}
        for change in group:
            for channel in self._of(change):
                told.setdefault(id(channel), (channel, []))[1].append(change)
        for channel, changes in told.values():
            channel.tell(changes)

    def _take_over(self, group: Sequence[Change], documents: dict[Key, set[Channel]]) -> None:
        for change in group:
            key = change.tenant, change.topic.partition(".")[0], ID, change.id
            for channel in tuple(documents.get(key, ())):
                if self._over[channel].takes(change):
                    channel.tell_over(change)

    def begin(self, projection: str, floor: int) -> None:
        """Changes above that position will be taken, but those below it may never have been."""
        for channel in tuple(self._channels.values()):
            if channel.topic.where.projection == projection:
                channel.anew(floor)
        for channels in tuple(self._under.get(projection, {}).values()):
            for channel in tuple(channels):
                channel.anew()  # how far the projection was when they looked, nobody knows

    def _of(self, change: Change) -> list[Channel]:
        context, *values = change.topic.split(".")
        keys = [(change.tenant, context, 0, "")]
        keys += [(change.tenant, context, n, value) for n, value in enumerate(values, 1)]
        return [channel for key in keys if (channel := self._channels.get(key))]


def _key(tenant: str, where: Where) -> Key:
    return tenant, where.context, where.token, where.value
