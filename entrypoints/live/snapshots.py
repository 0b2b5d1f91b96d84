"""What a topic holds at one position: read once for all who wait, a bounded number at once."""

import asyncio
from typing import cast

import msgspec
from msgspec import Raw

from adapters.live.channel import Channel
from adapters.live.peer import Frame
from adapters.projector.reader import PostgresReader
from application.ports import Unavailable
from entrypoints.live.messages import Item, Snapshot
from entrypoints.live.topics import Topic
from projections.kernel import Found, Standing, standing

MOST = 500  # documents
AT_ONCE = 64  # readings
WAITING = 10_000  # readings that wait; more are turned away


class Shot:
    """A topic's documents at one position, encoded once for all who are sent them."""

    __slots__ = ("_frame", "_standing", "topic")

    def __init__(self, topic: Topic, standing: Standing) -> None:
        self.topic, self._standing = topic, standing
        self._frame: Frame | None = None

    @property
    def position(self) -> int:
        return self._standing.position

    @property
    def document(self) -> bytes | None:
        """Of a topic that is one document."""
        rows = self._standing.rows
        return rows[0].body if rows else None

    @property
    def frame(self) -> Frame:
        if self._frame is None:
            self._frame = self._encoded()
        return self._frame

    def _encoded(self) -> Frame:
        items = [_item(row) for row in self._standing.rows[:MOST]]
        complete = len(self._standing.rows) <= MOST
        message = Snapshot(self.topic.text, self.position, items, complete)
        return Frame(msgspec.json.encode(message), str(self.position))


def _item(row: Found) -> Item:
    return Item(row.id, row.position, Raw(row.body))


class Snapshots:
    """Reads them, in one statement each (``projections.kernel.standing`` says why)."""

    def __init__(
        self, reader: PostgresReader, at_once: int = AT_ONCE, waiting: int = WAITING
    ) -> None:
        self._reader, self._free, self._most = reader, asyncio.Semaphore(at_once), waiting
        self._waiting = 0

    async def __call__(self, channel: Channel, hidden: bool) -> Shot:
        """``hidden``: without what is retired, but of a topic that is one document. Raises
        Unavailable when too many wait, and without Postgres."""
        if self._waiting >= self._most:
            raise Unavailable("snapshots")
        self._waiting += 1
        try:
            async with self._free:
                return await self._read(channel.tenant, cast(Topic, channel.topic), hidden)
        finally:
            self._waiting -= 1

    async def _read(self, tenant: str, topic: Topic, hidden: bool) -> Shot:
        kind, where = topic.kind, topic.where
        column = next((n for n, token in kind.filters.items() if token == where.token), "id")
        condition, params = (f"{column} = %s", (where.value,)) if where.token else ("true", ())
        shown = kind.shown if hidden and not topic.by_id else "true"
        found = await standing(
            self._reader(tenant),
            kind.context,
            kind.table.name,
            f"{condition} AND {kind.where} AND {shown}",
            params,
            "id" if topic.by_id else kind.order,
            MOST + 1,
        )
        if found is None:
            raise Unavailable(f"projection {kind.context}")
        return Shot(topic, found)
