"""The event log on Postgres: the port that every command appends to and reads from."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from types import TracebackType

from adapters.log.books import ENCODER, slot_of
from adapters.log.clock import Clock
from adapters.log.codec import Codec, tag_of
from adapters.log.committer import Committer
from adapters.log.keyring import LOOKUP, Keyring, Seals
from adapters.log.loading import Loader
from adapters.log.looking import CLAIMS
from adapters.log.notices import Notices
from adapters.log.origins import Origins
from adapters.log.requests import Request, check, prepared
from adapters.log.rows import COLUMNS, Row
from adapters.log.snapshots import Shelf
from adapters.log.tail import house_codec
from adapters.postgres import packed
from adapters.postgres.pools import APPEND, Pool, borrow, open_pool
from adapters.postgres.unsafe import refuse_unsafe_settings
from application.ports import Append, Appended, Key, KeyReused, Past, Snapshot
from domain import AGGREGATES
from domain.kernel import Event, Personal, Recorded

PATIENCE = 5.0  # seconds until an append or a read gives up with Unavailable
LONG = 60.0  # the same for work of hours, in which nobody asks for one answer
READERS = 4  # connections for reading; appends have one of their own

LATEST = f"""SELECT found.* FROM unnest(%s::text[]) AS wanted (stream), LATERAL (
    SELECT {COLUMNS} FROM log.events AS e
    WHERE e.tenant = %s AND e.stream = wanted.stream AND e.tag = %s ORDER BY e.version DESC LIMIT 1
) AS found"""

OCCURRED = """SELECT 1 FROM log.events
WHERE tenant = %s AND stream = %s AND tag = any(%s) AND occurred_at > %s LIMIT 1"""


class PostgresLog:
    """application.ports.Log. Open it before use, as a context manager or by hand.

    ``master``: the 32 bytes that seal the keys of personal data.
    """

    def __init__(
        self,
        url: str,
        master: bytes,
        *,
        codec: Codec | None = None,
        size: int = READERS,
        patience: float = PATIENCE,
    ) -> None:
        self._url, self._master, self._size, self._patience = url, master, size, patience
        self._codec = codec or house_codec()

    async def open(self) -> "PostgresLog":
        """Does not wait for the server. Raises UnsafeSetting."""
        refuse_unsafe_settings()
        self.pool: Pool = await open_pool(
            self._url, APPEND, size=self._size, name="souk-log", timeout=self._patience
        )
        self._clock = Clock(self.pool)
        self.keyring = Keyring(self.pool, self._master, self._url)
        self._origins = Origins(self.keyring)
        self._shelf = Shelf(AGGREGATES)
        self._loader = Loader(self.pool, self._codec, self._shelf)
        self._committer = Committer(self._url, self._patience, Notices(self._master))
        self._committer.start()
        return self

    async def close(self) -> None:
        """Finish the appends under way, also those whose callers hung up, then disconnect."""
        await self._committer.close()
        await self._shelf.settle()
        await self.keyring.close()
        await self.pool.close()

    async def __aenter__(self) -> "PostgresLog":
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def append(self, append: Append) -> Appended:
        """See the port. Also raises Rejected ``log.unstorable`` and ``log.too_large``.

        Once queued it is carried out even if the caller is cancelled.
        """
        seals, origin = await self._seals(append), await self._origins.stored(append.call)
        request = prepared(append, self._codec, seals, self.deadline(), origin)
        if not request.writes:
            answer = append.answer(()) if append.answer else None
            return Appended((), ENCODER.encode(answer))
        return await self._committer.submit(request)

    async def submit(self, request: Request) -> Appended:
        """Append what is encoded already: for the bridge to other event-sourcing libraries."""
        check(request)
        return await self._committer.submit(request)

    async def read(self, tenant: str, streams: Iterable[str]) -> dict[str, list[Recorded]]:
        found: dict[str, list[Recorded]] = {stream: [] for stream in streams}
        sealed: list[Personal] = []
        for row in await self._rows(tenant, list(found)):
            found[row.stream].append(row.decoded(self._codec, sealed.append))
        await self._open(tenant, sealed)
        return found

    async def load(self, tenant: str, streams: Iterable[str]) -> dict[str, Past]:
        pasts, sealed = await self._loader.load(tenant, list(streams))
        await self._open(tenant, sealed)
        return pasts

    async def latest(
        self, tenant: str, kind: type[Event], streams: Iterable[str]
    ) -> dict[str, Recorded]:
        async with borrow(self.pool) as connection:
            cursor = await connection.execute(LATEST, (packed.texts(streams), tenant, tag_of(kind)))
            rows = [Row(*row) for row in await cursor.fetchall()]
        return {row.stream: row.decoded(self._codec) for row in rows}

    async def occurred(
        self, tenant: str, stream: str, kinds: Iterable[type[Event]], after: datetime
    ) -> bool:
        async with borrow(self.pool) as connection:
            tags = [tag_of(kind) for kind in kinds]
            cursor = await connection.execute(OCCURRED, (tenant, stream, tags, after))
            return await cursor.fetchone() is not None

    async def now(self) -> datetime:
        return await self._clock.now()

    def offer(self, snapshot: Snapshot) -> None:
        self._shelf.offer(self.pool, snapshot)

    async def answered(self, tenant: str, key: Key) -> bytes | None:
        async with borrow(self.pool) as connection:
            cursor = await connection.execute(
                "SELECT request, answer FROM log.answers"
                " WHERE (tenant, principal, route, key) = (%s, %s, %s, %s)",
                slot_of(tenant, key),
            )
            kept = await cursor.fetchone()
        if kept and kept[0] != key.request:
            raise KeyReused
        return kept[1] if kept else None

    async def known(
        self, tenant: str, principal: str, route: str, keys: Sequence[str]
    ) -> frozenset[str]:
        async with borrow(self.pool) as connection:
            cursor = await connection.execute(
                "SELECT key FROM log.answers WHERE (tenant, principal, route) = (%s, %s, %s)"
                " AND key = any(%s)",
                (tenant, principal, route, list(keys)),
            )
            return frozenset(key for (key,) in await cursor.fetchall())

    async def held(
        self, tenant: str, names: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], str]:
        kinds, values = [kind for kind, _ in names], [value for _, value in names]
        async with borrow(self.pool) as connection:
            cursor = await connection.execute(CLAIMS, ([tenant] * len(names), kinds, values))
            return {(kind, value): owner for _, kind, value, owner in await cursor.fetchall()}

    async def written(self, tenant: str, spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
        async with borrow(self.pool) as connection:
            cursor = await connection.execute(
                "SELECT e.stream FROM unnest(%s::bigint[], %s::bigint[]) AS span (first, last)"
                " JOIN log.events e ON e.position BETWEEN span.first AND span.last"
                " WHERE e.tenant = %s ORDER BY e.position",
                ([first for first, _ in spans], [last for _, last in spans], tenant),
            )
            return tuple(dict.fromkeys(s.split("/", 2)[2] for (s,) in await cursor.fetchall()))

    def check(self, append: Append) -> None:
        prepared(append, self._codec, Seals(append.call.tenant, {}), 0.0)

    async def _rows(self, tenant: str, streams: list[str]) -> list[Row]:
        async with borrow(self.pool) as connection:
            cursor = await connection.execute(
                f"SELECT {COLUMNS} FROM log.events WHERE tenant = %s AND stream = any(%s)"
                " ORDER BY stream, version",
                (tenant, streams),
            )
            return [Row(*row) for row in await cursor.fetchall()]

    async def _open(self, tenant: str, sealed: list[Personal]) -> None:
        if sealed:
            seals = await self.keyring.for_opening(tenant, (p.subject for p in sealed))
            for personal in sealed:
                seals.open(personal)

    async def _seals(self, append: Append) -> Seals:
        """The keys of whom the events are about, made if need be before anything is sealed."""
        events = (event for new in append.new for event in new.events)
        clear = [personal for event in events for personal in self._codec.personal(event)]
        subjects = {personal.subject for personal in clear}
        if any(personal.lookup for personal in clear):
            subjects.add(LOOKUP)
        tenant = append.call.tenant
        return await self.keyring.for_sealing(tenant, subjects) if subjects else Seals(tenant, {})

    def deadline(self) -> float:
        """Of an append that begins now, on the loop's clock."""
        return asyncio.get_running_loop().time() + self._patience
