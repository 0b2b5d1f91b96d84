"""Reads ahead for all projections of a process, and wakes those that fold what has come."""

import asyncio
from collections.abc import Mapping
from typing import Any

from adapters.log.notices import UNKNOWN, Hint, Notices
from adapters.log.tail import POSITION
from adapters.postgres.pools import Connection
from adapters.projector.engine import Engine
from adapters.projector.leader import Bell, connected, persist
from adapters.projector.window import Stretch, Window

NAME = "souk-scout"
FAR = 1000  # positions; beyond, there is something to do for everyone
LOOK = 1.0  # seconds


class Scout:
    """Stands at the end of the log. The projections would all wake at every commit, most of them
    for nothing. It only saves work: twice a second each of them looks for itself, or goes by what
    another has just seen."""

    def __init__(
        self,
        window: Window,
        engines: Mapping[str, Engine],
        batch: int,
        notices: Notices | None = None,
    ) -> None:
        """``notices`` None: it is told nothing but that there is something."""
        self._window, self._place, self._batch, self._notices = window, 0, batch, notices
        self._engines = {engine: Bell() for engine in engines.values()}
        self.hint, self._looks = Bell(), False

    @property
    def bells(self) -> list[Bell]:
        """All that somebody may wait for."""
        return [self.hint, *self._engines.values()]

    def bell(self, engine: Engine) -> Bell:
        return self._engines[engine]

    def hear(self, hint: Hint) -> None:
        """What goes on where the last stretch ended need not be read."""
        rows = self._told(hint)
        if rows and rows[0][POSITION] == self._place + 1:
            self._go_on(self._window.hear(NAME, rows))
        else:
            self.hint.ring(hint.position)

    def _told(self, hint: Hint) -> list[tuple[Any, ...]]:
        if self._notices is None or self._looks or not self._leads:
            return []
        return self._notices.rows(hint)

    async def run(self, url: str, stop: asyncio.Event) -> None:
        async def attempt() -> None:
            async with connected(url, NAME) as db:
                try:
                    while not stop.is_set():
                        if await self.hint.wait(LOOK) and self._leads:
                            self._looks = True
                            await self._look(db, self.hint.heard, stop)
                            self._looks = False
                finally:
                    self._looks = False
                    self._window.leave(NAME)
                    self._wake_all(UNKNOWN)

        await persist(NAME, stop, attempt)

    @property
    def _leads(self) -> bool:
        return any(engine.leads for engine in self._engines)

    async def _look(self, db: Connection, heard: int, stop: asyncio.Event) -> None:
        if heard - self._place > FAR:
            self._wake_all(heard)
            self._window.leave(NAME)
            await self._window.read_ahead(db, self._batch, stop)
            self._place = self._window.reached
            return
        while self._place < heard:
            stretch = await self._window.after(db, NAME, self._place, FAR)
            if stretch.reached == self._place:
                return
            self._go_on(stretch)

    def _go_on(self, stretch: Stretch) -> None:
        """Whoever folds any of it is woken; whoever is at rest goes along over the rest."""
        self._place = stretch.reached
        tags = {recorded.tag for recorded in stretch.events}
        for engine, bell in self._engines.items():
            if not engine.resting or not engine.tags.isdisjoint(tags):
                bell.ring(stretch.reached)
            else:
                engine.go_along(stretch)

    def _wake_all(self, heard: int) -> None:
        for bell in self._engines.values():
            bell.ring(heard)
