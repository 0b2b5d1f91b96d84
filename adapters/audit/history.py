"""All that auditors ask of the log of a tenant."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from msgspec import Struct

from adapters.audit.entries import Entries, Entry
from adapters.audit.filters import Filter
from adapters.audit.folding import Folding, Unfoldable
from adapters.audit.milestones import EVERY, Milestones
from adapters.audit.moments import Moment
from adapters.audit.pages import BUDGET, SPAN, Pages
from adapters.audit.places import Place, Places
from adapters.audit.seeing import rows, seeing
from adapters.audit.tracing import Trace, Tracing
from adapters.log.keyring import Keyring
from adapters.postgres.pools import AUDIT, PROJECT, Pool, open_pool
from application.differences import Change, diff
from application.ports import Missing

READERS = 4  # connections
UNKNOWN_EVENT, UNKNOWN_STREAM = "audit.unknown_event", "audit.unknown_stream"
UNKNOWN_VERSION, UNFOLDABLE = "audit.unknown_version", "audit.unknown_shape"
BEYOND = "audit.beyond_the_log"


class Told(Struct, frozen=True):
    """A piece of the log. ``next``: the cursor to go on from, or None at the end."""

    items: list[Entry]
    next: int | None


class Detail(Struct, frozen=True):
    """An event with what led to it and what followed from it."""

    entry: Entry
    trace: Trace


class StreamState(Struct, frozen=True):
    """An aggregate as it was after ``version`` of its stream; the rest of that version's event."""

    context: str
    id: str
    version: int
    position: int
    recorded_at: datetime | None
    occurred_at: datetime | None
    state: Any


class Compared(Struct, frozen=True):
    """What changed from one version of a stream to another."""

    context: str
    id: str
    from_version: int
    to_version: int
    changes: list[Change]


class History:
    """``pool``: of souk_audit; ``log``: of a role that finds positions among all tenants'."""

    def __init__(
        self,
        pool: Pool,
        log: Pool,
        keyring: Keyring,
        span: int = SPAN,
        budget: float = BUDGET,
        every: int = EVERY,
    ) -> None:
        self._pool, milestones = pool, Milestones(pool, every)
        self._pages = Pages(pool, log, span, budget)
        self._places = Places(pool, log, milestones)
        self._folding = Folding(pool, keyring, milestones)
        self._entries, self._tracing = Entries(pool, keyring, self._folding), Tracing(pool)

    async def events(
        self,
        tenant: str,
        wanted: Filter,
        cursor: int | None = None,
        limit: int = 20,
        ascending: bool = False,
        changes: bool = True,
    ) -> Told:
        """A page of it, as ``Pages.page`` has it."""
        page = await self._pages.page(tenant, wanted, cursor, limit, ascending)
        return Told(await self._entries.of(tenant, page.rows, changes), page.next)

    async def has(self, tenant: str) -> bool:
        """Whether anything ever happened there."""
        async with seeing(self._pool, tenant) as db:
            return bool(await rows(db, "SELECT true FROM log.chains WHERE tenant = %s", (tenant,)))

    async def event(self, tenant: str, position: int) -> Detail:
        """Raises Missing."""
        wanted = Filter(position_from=position, position_before=position + 1)
        page = await self._pages.page(tenant, wanted, limit=1)
        if not page.rows:
            raise Missing(UNKNOWN_EVENT)
        (entry,) = await self._entries.of(tenant, page.rows)
        return Detail(entry, await self._tracing.of(page.rows[0]))

    async def state(
        self, tenant: str, context: str, id: str, moment: Moment | None = None
    ) -> StreamState:
        """``moment`` None: now. Raises Missing."""
        stream = f"{tenant}/{context}/{id}"
        place = await self._place(stream, moment)
        states = await self._states(stream, place.version)
        told = (place.version, place.position, place.recorded_at, place.occurred_at)
        return StreamState(context, id, *told, states[place.version])

    async def changes(
        self, tenant: str, context: str, id: str, begin: Moment | None, end: Moment | None = None
    ) -> Compared:
        """None: now. Raises Missing."""
        stream = f"{tenant}/{context}/{id}"
        old, new = await self._place(stream, begin), await self._place(stream, end)
        states = await self._states(stream, old.version, new.version)
        changed = diff(states[old.version], states[new.version])
        return Compared(context, id, old.version, new.version, changed)

    async def _place(self, stream: str, moment: Moment | None) -> Place:
        newest = await self._places.newest(stream)
        if newest is None:
            raise Missing(UNKNOWN_STREAM)
        if moment is not None and await self._places.is_to_come(moment):
            raise Missing(BEYOND)
        place = newest if moment is None else await self._places.of(stream, moment)
        if place is None:
            raise Missing(UNKNOWN_VERSION)
        return place

    async def _states(self, stream: str, *versions: int) -> dict[int, Any]:
        try:
            return await self._folding.states(stream, versions)
        except Unfoldable:
            raise Missing(UNFOLDABLE) from None


@asynccontextmanager
async def opened(
    url: str, keyring: Keyring, patience: float, size: int = READERS
) -> AsyncIterator[History]:
    """The history of a database, with connections of its own."""
    pool = await open_pool(url, AUDIT, size=size, name="souk-audit", timeout=patience)
    log = await open_pool(url, PROJECT, size=1, name="souk-audit", timeout=patience)
    try:
        yield History(pool, log, keyring)
    finally:
        await pool.close()
        await log.close()
