"""Who watches what: each change goes to the channels it belongs to, encoded once for each."""

from collections.abc import Sequence

from adapters.live.change import Change, Where
from adapters.live.channel import Channel, Watched

Key = tuple[str, str, int, str]  # tenant, context, token, value


class Hub:
    """The channels that somebody watches, by what their changes' topics say."""

    def __init__(self) -> None:
        self._channels: dict[Key, Channel] = {}

    def channel(self, tenant: str, topic: Watched) -> Channel:
        """The one of that topic in that tenant. It is forgotten when nobody is left in it."""
        key = _key(tenant, topic.where)
        if (found := self._channels.get(key)) is None:
            found = self._channels[key] = Channel(tenant, topic, self._forget)
        return found

    def __len__(self) -> int:
        return len(self._channels)

    def _forget(self, channel: Channel) -> None:
        key = _key(channel.tenant, channel.topic.where)
        if self._channels.get(key) is channel:
            del self._channels[key]

    def take(self, group: Sequence[Change]) -> None:
        """Changes of one projection at one position. A look-up for each token of each topic,
        however many watch."""
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

    def begin(self, projection: str, floor: int) -> None:
        """Changes above that position will be taken, but those below it may never have been."""
        for channel in tuple(self._channels.values()):
            if channel.topic.where.projection == projection:
                channel.anew(floor)

    def _of(self, change: Change) -> list[Channel]:
        context, *values = change.topic.split(".")
        keys = [(change.tenant, context, 0, "")]
        keys += [(change.tenant, context, n, value) for n, value in enumerate(values, 1)]
        return [channel for key in keys if (channel := self._channels.get(key))]


def _key(tenant: str, where: Where) -> Key:
    return tenant, where.context, where.token, where.value
