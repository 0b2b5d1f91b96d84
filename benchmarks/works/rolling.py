"""One material gets dearer under products on three levels, and so does each of them."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import psycopg

from application.commands import Commands
from application.costing import Costing
from application.ports import Append, New
from application.work import stream_of
from benchmarks.figures import Figure
from benchmarks.loops import now
from benchmarks.market import TENANT, call, do, id_of, on_loop, opened
from benchmarks.work import Figures, Site, Work
from domain import costgraph, costing, materials, tenants
from domain.costing import Cause, Component, DefineProduct, SetComponents
from domain.kernel import Event
from domain.materials import AddMaterial, Describing, RecordPurchase
from domain.money import Money
from domain.quantities import Amount
from domain.tenants import CreateTenant

LEVELS, PER_LEVEL = 3, 1_000
OTHERS = 10  # materials that each product of the first level uses one of
SET = 5  # products of the level below that a product is made of, where they are sets
SELLER = "amina"
HOT = id_of("material", 0)
AT_ONCE = 500  # products in one append while a database is filled
COUNTED = "SELECT count(*) FROM log.events WHERE tag = 'costing.cost_rolled_up'"


def filled(per_level: int, made_of: int = 1) -> Callable[[Site], None]:
    """Each product of a level is made of so many of the level below; each of the first, of the
    material whose price will move and of another."""
    return lambda site: on_loop(_fill(site, site.some(per_level), made_of))


async def _fill(site: Site, per_level: int, made_of: int) -> None:
    async with opened(site) as (log, commands):
        await do(commands, tenants, TENANT, CreateTenant("Bench", "DZD"))
        for number in range(1 + OTHERS):
            text = Describing(f"Yarn {number}", "yarn")
            added = AddMaterial(SELLER, text, "g", "DZD")
            await do(commands, materials, id_of("material", number), added, _bought(1000 + number))
        edges = 0
        products = iter(_products(per_level, made_of))
        while some := list(islice(products, AT_ONCE)):
            streams = [New(stream_of(TENANT, costing, id), 0, _made(parts)) for id, parts in some]
            graph = stream_of(TENANT, costgraph, TENANT)
            used = tuple(_edges(id, parts) for id, parts in some)
            await log.append(Append(call(), (*streams, New(graph, edges, used))))
            edges += len(used)
        await Costing(commands).roll_up(call(), Cause("basis", "average"))


def _products(per_level: int, made_of: int) -> Iterator[tuple[str, tuple[Component, ...]]]:
    for level in range(LEVELS):
        for number in range(per_level):
            if level:
                under = {(number + n) % per_level for n in range(made_of)}
                ids = (id_of(f"level {level - 1}", n) for n in sorted(under))
                parts = tuple(Component("product", id, 2_000) for id in ids)
            else:
                other = id_of("material", 1 + number % OTHERS)
                parts = Component("material", HOT, 120_000), Component("material", other, 30_000)
            yield id_of(f"level {level}", number), parts


def _made(parts: tuple[Component, ...]) -> tuple[Event, ...]:
    """What a product's stream begins with."""
    state, events = costing.EMPTY, list[Event]()
    for command in (DefineProduct(SELLER, "Scarf", "DZD"), SetComponents(parts)):
        new = costing.decide(state, command)
        for event in new:
            state = costing.evolve(state, event)
        events += new
    return tuple(events)


def _edges(id: str, parts: Sequence[Component]) -> costgraph.EdgesSet:
    by_kind = {
        kind: tuple(part.id for part in parts if part.kind == kind)
        for kind in ("product", "material")
    }
    return costgraph.EdgesSet(id, by_kind["product"], by_kind["material"])


def _bought(price: int) -> RecordPurchase:
    """A kilogram for so many centimes."""
    return RecordPurchase(Amount(1000 * 10**9), Money(price, "DZD"), Money(0, "DZD"))


def rolled(per_level: int) -> Callable[[Site], Figures]:
    """Raises RuntimeError when a cost stayed as it was."""
    return lambda site: on_loop(_rolled(site, LEVELS * site.some(per_level)))


async def _rolled(site: Site, products: int) -> Figures:
    async with opened(site) as (_, commands):
        await _risen(commands, 0)  # so that states are known, as in a process that goes on
        before, rounds, took = _counted(site), 0, 0.0
        while took < site.seconds:
            rounds += 1
            took += await _risen(commands, rounds)
        moved = _counted(site) - before
    if moved != rounds * products:
        raise RuntimeError(f"{moved} of {rounds * products} costs moved")
    return {"rate": moved / took, "each": took / moved * 1_000_000}


async def _risen(commands: Commands, number: int) -> float:
    """The price rises; how many seconds it takes until all that is made of it costs more."""
    await do(commands, materials, HOT, _bought(1_000_000 * (number + 1)))
    began = now()
    await Costing(commands).roll_up(call(), Cause("material", HOT))
    return now() - began


def _counted(site: Site) -> int:
    with psycopg.connect(site.postgres) as owner:
        row = owner.execute(COUNTED).fetchone()
    assert row
    return int(row[0])


TABLES = """
CREATE TABLE materials (id text PRIMARY KEY, cost numeric NOT NULL);
CREATE TABLE products (id text PRIMARY KEY, cost numeric);
CREATE TABLE components (product text, kind text, item text, quantity numeric,
    PRIMARY KEY (product, kind, item));
"""
# From scratch: down to the materials, however deep.
RECOMPUTE = """
UPDATE products SET cost = (
    WITH RECURSIVE parts (kind, item, quantity) AS (
        SELECT kind, item, quantity FROM components WHERE product = %(id)s
        UNION ALL
        SELECT c.kind, c.item, p.quantity * c.quantity FROM parts p
        JOIN components c ON p.kind = 'product' AND c.product = p.item
    )
    SELECT sum(p.quantity * m.cost) FROM parts p
    JOIN materials m ON p.kind = 'material' AND m.id = p.item
) WHERE id = %(id)s
"""


def tables(made_of: int) -> Callable[[Site], None]:
    return lambda site: _tables(site, made_of)


def _tables(site: Site, made_of: int) -> None:
    with psycopg.connect(site.postgres) as db:
        db.execute(TABLES)
        some = [(id_of("material", n), 1 + n) for n in range(1 + OTHERS)]
        cursor = db.cursor()
        cursor.executemany("INSERT INTO materials VALUES (%s, %s)", some)
        for id, parts in _products(site.some(PER_LEVEL), made_of):
            db.execute("INSERT INTO products VALUES (%s, NULL)", (id,))
            rows = [(id, part.kind, part.id, part.quantity / 1000) for part in parts]
            cursor.executemany("INSERT INTO components VALUES (%s, %s, %s, %s)", rows)
    with psycopg.connect(site.postgres, autocommit=True) as db:
        db.execute("ANALYZE")


def recomputed(site: Site) -> Figures:
    """Every product by its own statement, all in one transaction and one pipeline."""
    with psycopg.connect(site.postgres) as db:
        ids = [{"id": id} for (id,) in db.execute("SELECT id FROM products").fetchall()]
        rounds, took = 0, 0.0
        while took < site.seconds:
            rounds += 1
            began = now()
            db.execute("UPDATE materials SET cost = cost + 1 WHERE id = %s", (HOT,))
            db.cursor().executemany(RECOMPUTE, ids)
            db.commit()
            took += now() - began
    return {"rate": rounds * len(ids) / took}


WORKS = (
    Work(
        "roll-up",
        {"rate": Figure("a price moves under 1,000 products on 3 levels", "products/s", 10)},
        rolled(PER_LEVEL),
        recomputed,
        "each product from scratch, a recursive query of SQL",
        filled(PER_LEVEL),
        tables(1),
    ),
    Work(
        "roll-up-sets",
        {"rate": Figure("the same, each made of 5 of the level below", "products/s", 10)},
        rolled(PER_LEVEL),
        recomputed,
        "each product from scratch, a recursive query of SQL",
        filled(PER_LEVEL, SET),
        tables(SET),
    ),
    *(
        Work(
            f"roll-up-{number}",
            {"each": Figure(f"a price moves under {number:,} products", "µs a product", less=True)},
            rolled(number // LEVELS),
            souk_before=filled(number // LEVELS),
        )
        for number in (102, 9_999)
    ),
)
