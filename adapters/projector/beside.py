"""A projection's other tables: those of the next version while it is built, and the previous ones
for as long as one may want them back. They are the live ones' under other names."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

from adapters.log.tail import head
from adapters.projector.tables import shape_of, start
from projections.kernel import Projection, Table

NEXT, PREVIOUS, _AWAY = "__next", "__previous", "__away"
NEVER = 2**62  # a position that no log reaches: what is beside tells nobody
_COLUMNS = "version, shape, position, tables, silent_until"


class State(NamedTuple):
    """A projection's row."""

    version: int
    shape: str
    position: int
    tables: list[str]
    silent_until: int


@dataclass
class Beside:
    """A projection on the tables of one suffix."""

    VERSION: int
    TABLES: tuple[Table[Any], ...]
    __name__: str

    @classmethod
    def of(cls, projection: Projection, suffix: str) -> "Beside":
        tables = tuple(replace(t, name=f"{t.name}{suffix}") for t in projection.TABLES)
        return cls(projection.VERSION, tables, projection.__name__)


async def state(db: AsyncConnection[Any], name: str, lock: bool = False) -> State | None:
    """``lock``: whoever leads it waits from now to the end of the transaction. Never beyond the
    log's end: a row that says so is wrong, and what is built again puts it right."""
    cursor = await db.execute(
        f"SELECT {_COLUMNS} FROM read.projections WHERE name = %s{' FOR UPDATE' if lock else ''}",
        (name,),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    found = State(*row)
    return found._replace(position=min(found.position, await head(db)))


async def prepare(owner: AsyncConnection[Any], name: str, projection: Projection) -> None:
    """The next tables, empty, unless they are there already, half built by a run that died."""
    wanted = projection.VERSION, shape_of(projection)
    async with owner.transaction():
        found = await state(owner, f"{name}{NEXT}", lock=True)
        if found is None or found[:2] != wanted:
            await drop(owner, name, NEXT)
            beside = Beside.of(projection, NEXT)
            await start(owner, f"{name}{NEXT}", beside, wanted[1], NEVER)


async def switch(owner: AsyncConnection[Any], name: str, suffix: str, live: State) -> None:
    """Make the tables of ``suffix`` the live ones, and those the previous ones; in the caller's
    transaction, which has locked the live projection. Both are at the same position."""
    other = await state(owner, f"{name}{suffix}")
    if other is None or live.position != other.position:
        raise ValueError(f"{name} and {name}{suffix} do not stand at the same position")
    tables = [table.removesuffix(suffix) for table in other.tables]
    away = live.tables or tables
    await _rename(owner, name, away, "", _AWAY)
    await _rename(owner, name, tables, suffix, "")
    await _enter(owner, name, other._replace(tables=tables, silent_until=live.silent_until))
    if suffix == NEXT:
        await owner.execute("DELETE FROM read.projections WHERE name = %s", (f"{name}{NEXT}",))
        await drop(owner, name, PREVIOUS)
    await _rename(owner, name, away, _AWAY, PREVIOUS)
    previous = live._replace(tables=[f"{t}{PREVIOUS}" for t in away], silent_until=NEVER)
    await _enter(owner, f"{name}{PREVIOUS}", previous)


async def drop(owner: AsyncConnection[Any], name: str, suffix: str) -> None:
    """The tables of ``suffix`` and all that is known of them."""
    found = await state(owner, f"{name}{suffix}")
    for table in found.tables if found else ():
        await owner.execute(SQL("DROP TABLE IF EXISTS {}").format(Identifier("read", table)))
    for relation in ("projections WHERE name", "dead_letters WHERE projection"):
        await owner.execute(f"DELETE FROM read.{relation} = %s", (f"{name}{suffix}",))


async def _rename(
    owner: AsyncConnection[Any], name: str, tables: Sequence[str], old: str, new: str
) -> None:
    """Tables, and the letters of the projection that they are."""
    for table in tables:
        statement = SQL("ALTER TABLE IF EXISTS {} RENAME TO {}")
        names = Identifier("read", f"{table}{old}"), Identifier(f"{table}{new}")
        await owner.execute(statement.format(*names))
    await owner.execute(
        "UPDATE read.dead_letters SET projection = %s WHERE projection = %s",
        (f"{name}{new}", f"{name}{old}"),
    )


async def _enter(owner: AsyncConnection[Any], name: str, new: State) -> None:
    await owner.execute(
        f"INSERT INTO read.projections (name, {_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (name) DO UPDATE SET version = excluded.version, shape = excluded.shape,"
        " position = excluded.position, tables = excluded.tables,"
        " silent_until = excluded.silent_until, generation = projections.generation + 1",
        (name, *new),
    )
