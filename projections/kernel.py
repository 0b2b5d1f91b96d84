"""What a projection is made of: tables that are folds, and the documents in them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from domain.kernel import Event, Recorded, Value


class Document(Value):
    """One read row as the API sends it: JSON with money as Price, and no personal data.

    A document with personal data declares ``personal: <Struct of Personal> | UnsetType = UNSET``;
    it is stored beside the body, sealed, and only the edges open it, for readers who may.
    """


D = TypeVar("D", bound=Document)
Keys = Callable[[Recorded], Iterable[str]]


def own(recorded: Recorded) -> tuple[str]:
    """The row of the event's own aggregate."""
    return (recorded.id,)


@dataclass(frozen=True)
class Column(Generic[D]):
    """A column that rows are filtered or sorted by: its SQL type, and its value of a document."""

    type: str
    value: Callable[[D], Any]


@dataclass(frozen=True)
class Table(Generic[D]):
    """One read table: which events change which rows, and how a row folds them.

    ``on``: for each event type it folds, the ids of the rows it changes.
    ``related``: event types that change rows found by content instead, as a SQL condition on
    the columns (``%s`` parameters) and its parameters: ("products @> ARRAY[%s]", (id,)).
    ``evolve(document or None, recorded, id)``: the row's next document; None deletes the row.
    ``topic(id, document)``: what watchers of the row subscribe to, ``<context>.<id>[.<filter>…]``,
    tokens of [A-Za-z0-9_-]; a table without one is not pushed.
    ``counters``: the row also lives in Valkey, absolute and with its position.
    ``emits(before, after)``: what one evolve of a row tells the tables that come after this one
    in TABLES, or None. They find it in ``on`` and fold it like a logged event, in its cause's
    envelope: so totals over many rows (orders per status) stay small rows of their own. It is
    never stored, so it has no tag.
    """

    name: str
    document: type[D]
    on: Mapping[type[Event], Keys]
    evolve: Callable[[D | None, Recorded, str], D | None]
    columns: Mapping[str, Column[D]] = field(default_factory=dict)
    indexes: tuple[str, ...] = ()  # column lists; the tenant leads every index by itself
    related: Mapping[type[Event], Callable[[Recorded], tuple[str, tuple[Any, ...]]]] = field(
        default_factory=dict
    )
    topic: Callable[[str, D], str] | None = None
    counters: bool = False
    emits: Callable[[D | None, D | None], Event | None] | None = None


class Projection(Protocol):
    """A projection module: its tables move together, with one position, under one leader."""

    __name__: str

    @property
    def VERSION(self) -> int:
        """Raise it when a fold or a column changes: the tables are then built again."""
        ...

    @property
    def TABLES(self) -> tuple[Table[Any], ...]: ...


def pause_of(projection: Projection) -> float:
    """Seconds that it leaves between two batches while it keeps up, so that what changes often
    is told less often: its module's ``PAUSE``, or none."""
    return float(getattr(projection, "PAUSE", 0.0))


def finds_by_content(projection: Projection) -> bool:
    """Whether events change rows that they find by content: one that is folded late has not been
    found by those that came in between."""
    return any(table.related for table in projection.TABLES)


class Found(Value):
    """One row as stored: JSON bytes ready to send, and its personal part, sealed, if any."""

    SQL: ClassVar[str] = "id, position, body, personal"

    id: str
    position: int
    body: bytes
    personal: bytes | None = None


class Page(Value):
    """A slice of a list, and how many rows the whole list has."""

    items: list[Found]
    total: int


class Slice(Value):
    """A piece of a list, from a cursor on; ``next``: the one to go on from, None at the end."""

    items: list[Found]
    next: int | None


class Standing(Value):
    """Rows as they stood when their projection was at ``position``; none with a personal part."""

    position: int
    rows: list[Found]


class Reader(Protocol):
    """Read-only SQL over one tenant's rows; every table has ``tenant`` as its first column."""

    tenant: str

    async def rows(self, sql: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a SELECT, run under the tenant's row-level security."""
        ...


class Counts(Protocol):
    """Rows of tables with ``counters``: from Valkey, and from the table when that is away."""

    async def row(self, table: str, id: str) -> Found | None: ...
    async def rows(self, table: str, ids: Sequence[str]) -> dict[str, Found]:
        """Those there are, by id, in one round trip."""
        ...


async def one(
    db: Reader, table: str, id: str, where: str = "true", params: tuple[Any, ...] = ()
) -> Found | None:
    """The row of that id, if it meets ``where`` (its ``%s`` are ``params``)."""
    rows = await db.rows(
        f"SELECT {Found.SQL} FROM read.{table} WHERE tenant = %s AND id = %s AND {where}",
        (db.tenant, id, *params),
    )
    return Found(*rows[0]) if rows else None


async def page(
    db: Reader, table: str, where: str, params: tuple[Any, ...], order: str, page: int, limit: int
) -> Page:
    """One page of the rows that meet ``where`` (its ``%s`` are ``params``), in ``order``."""
    condition = f"FROM read.{table} WHERE tenant = %s AND {where or 'true'}"
    (total,), *_ = await db.rows(f"SELECT count(*) {condition}", (db.tenant, *params))
    rows = await db.rows(
        f"SELECT {Found.SQL} {condition} ORDER BY {order} LIMIT %s OFFSET %s",
        (db.tenant, *params, limit, (page - 1) * limit),
    )
    return Page([Found(*row) for row in rows], total)


def given(*conditions: tuple[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """Those conditions whose value is not None, as one, and the values. Never asked as
    ``coalesce(column = %s, true)``, which no index finds."""
    asked = {condition: value for condition, value in conditions if value is not None}
    return " AND ".join(asked) or "true", tuple(asked.values())


def narrowed(wanted: Any, columns: Iterable[str]) -> tuple[str, tuple[Any, ...]]:
    """The condition of a filter, and its parameters: ``retired`` or not, each of these columns as
    it says unless that is None, and ``search`` in what a row is ``found_by``."""
    return given(
        ("retired = %s", wanted.retired),
        *((f"{column} = %s", getattr(wanted, column)) for column in columns),
        ("strpos(found_by, %s) > 0", (wanted.search or "").lower() or None),
    )


async def ids_of(
    db: Reader,
    table: str,
    where: str,
    params: tuple[Any, ...],
    ids: Sequence[str] | None,
    most: int,
) -> list[str]:
    """Those of the rows that meet ``where`` and, if they are given, are among ``ids``; the first
    ``most`` of them."""
    among, which = given(("id = any(%s)", None if ids is None else list(ids)))
    rows = await db.rows(
        f"SELECT id FROM read.{table} WHERE tenant = %s AND {where} AND {among}"
        " ORDER BY id LIMIT %s",
        (db.tenant, *params, *which, most),
    )
    return [id for (id,) in rows]


async def newest(
    db: Reader, table: str, where: str, params: tuple[Any, ...], by: str, before: int, limit: int
) -> Slice:
    """The rows that meet ``where``, of the highest ``by`` first, all below ``before``. ``by``: a
    column of bigint, in which each row has another; what comes meanwhile moves no other."""
    told = f"{where} AND {by} < %s ORDER BY {by} DESC"
    return await _slice(db, table, told, (*params, before), by, limit)


async def oldest(
    db: Reader, table: str, where: str, params: tuple[Any, ...], by: str, after: int, limit: int
) -> Slice:
    """The same, of the lowest ``by`` first, all above ``after``."""
    told = f"{where} AND {by} > %s ORDER BY {by}"
    return await _slice(db, table, told, (*params, after), by, limit)


async def _slice(
    db: Reader, table: str, told: str, params: tuple[Any, ...], by: str, limit: int
) -> Slice:
    rows = await db.rows(
        f"SELECT {Found.SQL}, {by} FROM read.{table} WHERE tenant = %s AND {told} LIMIT %s",
        (db.tenant, *params, limit + 1),
    )
    more = len(rows) > limit
    found = [Found(*row[:-1]) for row in rows[:limit]]
    return Slice(found, rows[limit - 1][-1] if more else None)


async def standing(
    db: Reader,
    projection: str,
    table: str,
    where: str,
    params: tuple[Any, ...],
    order: str,
    limit: int,
) -> Standing | None:
    """The first rows that meet ``where``, with their projection's position; None without one.

    One statement, so one snapshot: two would each have their own, also in one transaction, and
    rows newer or older than the position said.
    """
    found = await db.rows(
        "SELECT p.position, f.id, f.position, f.body FROM read.projections p LEFT JOIN LATERAL"
        f" (SELECT id, position, body FROM read.{table} WHERE tenant = %s AND {where}"
        f" ORDER BY {order} LIMIT %s) f ON true WHERE p.name = %s",
        (db.tenant, *params, limit, projection),
    )
    if not found:
        return None
    return Standing(found[0][0], [Found(*row[1:]) for row in found if row[1] is not None])
