"""One tenant's events as another's: the same versions, times and words, under new ids."""

from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from adapters.log.codec import Codec
from adapters.log.keyring import LOOKUP, Keyring
from adapters.log.requests import Line, Part
from adapters.log.rows import COLUMNS, FOREIGN, Row
from adapters.postgres.pools import Connection
from domain.kernel import Personal
from domain.orders.lines import digits

BATCH = 500  # events read at once
SEALED = b'"sealed":'
_READ = (
    f"SELECT {COLUMNS} FROM log.events WHERE tenant = %s AND position > %s AND position <= %s"
    " ORDER BY position LIMIT %s"
)


class Origin(Struct, frozen=True):
    """Whose events, up to which position, and whose they become. ``keyring``: opens them."""

    db: Connection
    keyring: Keyring
    tenant: str
    until: int
    to: str

    @property
    def correlation(self) -> UUID:
        """Of all that is restored: one run, whatever ended it in between."""
        return uuid5(NAMESPACE_URL, f"souk:restore:{self.tenant}:{self.to}")

    def stream(self, stream: str) -> str:
        """The tenant's own stream has its name as id."""
        _, context, id = stream.split("/", 2)
        return f"{self.to}/{context}/{self.to if context == 'tenants' else id}"


async def commands(origin: Origin) -> AsyncIterator[list[Row]]:
    """The events of one append after another, as they were."""
    after, waiting = 0, list[Row]()
    while rows := await _after(origin, after):
        after = rows[-1].position
        *whole, last = [list(group) for _, group in groupby([*waiting, *rows], _command)]
        for group in whole:
            yield group
        waiting = last
    if waiting:
        yield waiting


def _command(row: Row) -> tuple[object, ...]:
    return row.command_id, row.occurred_at, row.causation


async def _after(origin: Origin, position: int) -> list[Row]:
    cursor = origin.db.cursor(binary=True)
    await cursor.execute(_READ, (origin.tenant, position, origin.until, BATCH))
    return [Row(*row) for row in await cursor.fetchall()]


class Renaming:
    """Seals anew, with the other tenant's keys, what is sealed with the tenant's. Who is erased
    there has no key, and is stored as erased."""

    def __init__(self, origin: Origin, codec: Codec, keyring: Keyring) -> None:
        self._origin, self._codec, self._keyring = origin, codec, keyring

    async def parts(self, rows: Sequence[Row]) -> tuple[Part, ...]:
        made = []
        for stream, group in groupby(rows, lambda row: row.stream):
            of = list(group)
            lines = tuple([await self._line(row) for row in of])
            made.append(Part(self._origin.stream(stream), of[0].version - 1, lines))
        return tuple(made)

    async def _line(self, row: Row) -> Line:
        data = row.data
        if row.schema_version != FOREIGN and SEALED in data:
            data = await self._sealed_anew(row)
        return Line(row.tag, row.schema_version, data)

    async def _sealed_anew(self, row: Row) -> bytes:
        found: list[Personal] = []
        event = self._codec.decode(row.tag, row.data, row.position, found.append)
        looked_up = [personal for personal in found if personal.lookup]
        stream, subjects = self._origin.stream(row.stream), {each.subject for each in found}
        clear = await self._origin.keyring.for_opening(self._origin.tenant, subjects)
        for personal in found:
            clear.open(personal)
            personal.stream = stream
        for personal in looked_up:
            personal.lookup = digits(personal.text)
        subjects |= {LOOKUP} if looked_up else set()
        seals = await self._keyring.for_sealing(self._origin.to, subjects)
        return self._codec.encode(event, stream, seals.seal)
