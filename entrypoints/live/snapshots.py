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
from entrypoints.live.topics import Topic, retired
from projections.kernel import Found, Standing, standing

MOST = 500  # documents
AT_ONCE = 64  # readings
WAITING = 10_000  # readings that wait; more are turned away


class Shot:
    """A topic's documents at one position, encoded once for all who are sent the same."""

    __slots__ = ("_frames", "_standing", "_topic")

    def __init__(self, topic: Topic, standing: Standing) -> None:
        self._topic, self._standing = topic, standing
        self._frames: dict[bool, Frame] = {}

    @property
    def position(self) -> int:
        return self._standing.position

    @property
    def document(self) -> bytes | None:
        """Of a topic that is one document."""
        rows = self._standing.rows
        return rows[0].body if rows else None

    def frame(self, hidden: bool) -> Frame:
        """``hidden``: without what is retired."""
        hides = hidden and self._topic.kind.bin
        if (made := self._frames.get(hides)) is None:
            made = self._frames[hides] = self._frame(hides)
        return made

    def _frame(self, hides: bool) -> Frame:
        rows = self._standing.rows[:MOST]
        items = [_item(row) for row in rows if not (hides and retired(row.body))]
        complete = len(self._standing.rows) <= MOST
        message = Snapshot(self._topic.text, self.position, items, complete)
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

    async def __call__(self, channel: Channel) -> Shot:
        """Raises Unavailable when too many wait, and without Postgres."""
        if self._waiting >= self._most:
            raise Unavailable("snapshots")
        self._waiting += 1
        try:
            async with self._free:
                return await self._read(channel.tenant, cast(Topic, channel.topic))
        finally:
            self._waiting -= 1

    async def _read(self, tenant: str, topic: Topic) -> Shot:
        kind, where = topic.kind, topic.where
        column = next((n for n, token in kind.filters.items() if token == where.token), "id")
        condition, params = (f"{column} = %s", (where.value,)) if where.token else ("true", ())
        found = await standing(
            self._reader(tenant),
            kind.context,
            kind.table.name,
            f"{condition} AND {kind.where}",
            params,
            "id" if topic.by_id else kind.order,
            MOST + 1,
        )
        if found is None:
            raise Unavailable(f"projection {kind.context}")
        return Shot(topic, found)
