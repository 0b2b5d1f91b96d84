"""A reader that follows the log all the time, and folds every aggregate as it goes."""

import asyncio
from collections import Counter, defaultdict
from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg

from adapters.log.rows import Row
from adapters.log.tail import house_codec, rows_after
from adapters.projector.leader import connected
from domain import AGGREGATES, inventory
from domain.inventory import StockCommitted, StockRestocked

LOOK = 0.02  # seconds


class Tail:
    """``states``: every stream folded. ``gone``: pieces that orders took, by stream of the stock.
    ``violations``: what no reader may ever see."""

    def __init__(self, url: str) -> None:
        self._url, self.position = url, 0
        self.ids: dict[int, UUID] = {}
        self.states: dict[str, Any] = {}
        self.gone: Counter[str] = Counter()
        self.by_command: defaultdict[UUID, list[int]] = defaultdict(list)
        self.violations: list[str] = []

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with suppress(psycopg.Error, OSError):
                async with connected(self._url, "faults-tail") as db:
                    while not stop.is_set():
                        async with asyncio.timeout(5):
                            rows = await rows_after(db, self.position, 500)
                        for row in rows:
                            self._take(row)
                        await asyncio.sleep(LOOK)
            await asyncio.sleep(LOOK)

    def _take(self, row: Row) -> None:
        if row.position != self.position + 1:
            self.violations.append(f"position {row.position} came after {self.position}")
        self.position = row.position
        self.ids[row.position] = row.event_id
        self.by_command[row.command_id].append(row.position)
        tenant, context, _ = row.stream.split("/", 2)
        if tenant != row.tenant:
            self.violations.append(f"{row.stream} is an event of {row.tenant}")
        decider = AGGREGATES[context]
        before = self.states.get(row.stream, decider.EMPTY)
        event = row.decoded(house_codec()).event
        self.states[row.stream] = state = decider.evolve(before, event)
        if isinstance(event, StockCommitted):
            self.gone[row.stream] += event.quantity
        if isinstance(event, StockRestocked):
            self.gone[row.stream] -= event.quantity
        if decider is inventory and min(state.available, state.on_hand, state.reserved) < 0:
            self.violations.append(f"{row.stream} was oversold at {row.position}: {state}")

    def of(self, context: str) -> dict[tuple[str, str], Any]:
        """The states of one context, by tenant and id."""
        parts = {tuple(stream.split("/", 2)): state for stream, state in self.states.items()}
        return {(t, id): state for (t, c, id), state in parts.items() if c == context}
