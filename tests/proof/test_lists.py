"""A list of what is somebody's, or of some kind, is found by an index: what it costs grows with
what it answers, not with all that the tenant has."""

import ast
import json
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from adapters.live.channel import Channel
from adapters.postgres.pools import READ, open_pool
from adapters.projector.reader import PostgresReader
from application.ports import Unavailable
from domain.money import Money
from entrypoints.live.snapshots import Snapshots
from entrypoints.live.topics import parse
from projections import (
    PROJECTIONS,
    analytics,
    bin,
    bulks,
    carts,
    catalog,
    checkouts,
    comments,
    costing,
    costruns,
    erasures,
    identity,
    inventory,
    likes,
    materials,
    media,
    negotiations,
    offers,
    orders,
    reels,
)
from tests.projector.toys import connected
from tests.support.patience import PATIENCE

ROWS, ALIKE = 4000, 4  # rows of each table, and how many of them have the same text
PAGE = 1, 10
TOP = 2**62, 10
FIRST, LAST = date(2020, 1, 1), date(2100, 1, 1)
LONG_AGO, LATER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
MOST = 60  # rows that a list may look at in vain

# What is in a column, of row number ``n``.
VALUES = {
    "text": f"'v' || n % {ROWS // ALIKE}",
    "bigint": "n",
    "smallint": "n % 3",
    "numeric": "n",
    "boolean": "n % 2 = 0",
    "date": "current_date + n",
    "timestamptz": "now() + n * interval '1 minute'",
    "jsonb": "'{}'::jsonb",
    "text[]": f"ARRAY['v' || n % {ROWS // ALIKE}]",
    "bigint[]": "ARRAY[n::bigint]",
}
ALWAYS = {"tenant": "'A'", "id": "'id' || n", "position": "n", "body": "'{}'::bytea"}
SEEN = {  # what most are, or few
    "visible": "true",
    "stands": "true",
    "removed": "n % 100 = 0",
    "retired": "n % 100 = 0",
    "closed": "n % 100 <> 0",
    "low": "n % 100 = 0",
    "featured": "n % 100 = 0",
    "archived": "n % 100 = 0",
}

# Every list of every projection, as its users narrow it.
LISTS = {
    "analytics.revenue": [lambda db: analytics.revenue(db, "v7", FIRST, LAST, *PAGE)],
    "analytics.top_products": [lambda db: analytics.top_products(db, "v7", *PAGE)],
    "analytics.reels": [lambda db: analytics.reels(db, "v7", *PAGE)],
    "bin.things": [
        lambda db: bin.things(db, None, None, *TOP),
        lambda db: bin.things(db, None, "v7", *TOP),
        lambda db: bin.things(db, "v7", None, *TOP),
    ],
    "bulks.bulks": [
        lambda db: bulks.bulks(db, None, *PAGE),
        lambda db: bulks.bulks(db, "v7", *PAGE),
    ],
    "bulks.refusals": [lambda db: bulks.refusals(db, "v7", *TOP)],
    "carts.below": [lambda db: carts.below(db, {"v100": 2**60}, 10)],
    "carts.carts": [lambda db: carts.carts(db, "v7", *PAGE)],
    "carts.current": [lambda db: carts.current(db, "v7")],
    "catalog.prices": [lambda db: catalog.prices(db, "v7", *PAGE)],
    "catalog.products": [
        lambda db: catalog.products(db, catalog.Filter(), *PAGE),
        lambda db: catalog.products(db, catalog.Filter(retired=True), *PAGE),
        lambda db: catalog.products(db, catalog.Filter(seller="v7"), *PAGE),
        lambda db: catalog.products(db, catalog.Filter(category="v7"), *PAGE),
        lambda db: catalog.products(db, catalog.Filter(featured=True), *PAGE),
    ],
    "checkouts.checkouts": [
        lambda db: checkouts.checkouts(db, None, *PAGE),
        lambda db: checkouts.checkouts(db, "v7", *PAGE),
    ],
    "comments.under": [lambda db: comments.under(db, "v7", *TOP)],
    "costing.products": [
        lambda db: costing.products(db, costing.Filter(), *PAGE),
        lambda db: costing.products(db, costing.Filter(owner="v7"), *PAGE),
        lambda db: costing.products(db, costing.Filter(sells="v7"), *PAGE),
    ],
    "costing.sales": [
        lambda db: costing.sales(db, *TOP),
        lambda db: costing.sales(db, *TOP, seller="v7"),
        lambda db: costing.sales(db, *TOP, product="v7"),
        lambda db: costing.sales(db, *TOP, costing="v7"),
    ],
    "costing.since": [lambda db: costing.since(db, ["v7"], LATER, 10)],
    "costing.timeline": [lambda db: costing.timeline(db, "v7", *TOP)],
    "costing.timeline_from": [lambda db: costing.timeline_from(db, "v7", 0, 10)],
    "costruns.runs": [
        lambda db: costruns.runs(db, None, *TOP),
        lambda db: costruns.runs(db, "v7", *TOP),
    ],
    "erasures.erasures": [lambda db: erasures.erasures(db, *PAGE)],
    "identity.members": [
        lambda db: identity.members(db, None, False, *PAGE),
    ],
    "identity.those": [lambda db: identity.those(db, ["id7"])],
    "inventory.items": [
        lambda db: inventory.items(db, inventory.Filter(), *PAGE),
        lambda db: inventory.items(db, inventory.Filter(seller="v7"), *PAGE),
        lambda db: inventory.items(db, inventory.Filter(low=True), *PAGE),
    ],
    "inventory.holds": [lambda db: inventory.holds(db, "v7")],
    "inventory.due": [lambda db: inventory.due(db, LONG_AGO)],
    "likes.liked": [lambda db: likes.liked(db, "v7", ["v7", "v8"])],
    "materials.adjustments": [lambda db: materials.adjustments(db, "v7", *TOP)],
    "materials.materials": [
        lambda db: materials.materials(db, materials.Filter(), *PAGE),
        lambda db: materials.materials(db, materials.Filter(owner="v7"), *PAGE),
    ],
    "materials.purchases": [lambda db: materials.purchases(db, "v7", *TOP)],
    "media.assets": [
        lambda db: media.assets(db, None, None, *PAGE),
        lambda db: media.assets(db, "v7", None, *PAGE),
        lambda db: media.assets(db, "v7", "v7", *PAGE),
        lambda db: media.assets(db, None, "v7", *PAGE),
    ],
    "negotiations.negotiations": [
        lambda db: negotiations.negotiations(db, negotiations.Filter(), *PAGE),
        lambda db: negotiations.negotiations(db, negotiations.Filter(user="v7"), *PAGE),
        lambda db: negotiations.negotiations(db, negotiations.Filter(offer="v7"), *PAGE),
        lambda db: negotiations.negotiations(db, negotiations.Filter(status="v7"), *PAGE),
    ],
    "offers.below": [lambda db: offers.below(db, {"v7": Money(2**60, "v7")}, 10)],
    "offers.board": [
        lambda db: offers.board(db, offers.Filter(targets=["v7"]), *PAGE),
        lambda db: offers.board(db, offers.Filter(targets=["v7"], seller="v7"), *PAGE),
        lambda db: offers.board(db, offers.Filter(product="v7"), *PAGE),
    ],
    "offers.mine": [
        lambda db: offers.mine(db, None, None, *PAGE),
        lambda db: offers.mine(db, "v7", None, *PAGE),
        lambda db: offers.mine(db, "v7", "v7", *PAGE),
    ],
    "orders.buyers": [lambda db: orders.buyers(db, "v7")],
    "orders.orders": [
        lambda db, narrow=narrow: orders.orders(db, orders.Filter(**narrow), *PAGE)
        for narrow in (
            {},
            {"buyer": "v7"},
            {"seller": "v7"},
            {"status": "v7"},
            {"channel": "v7"},
            {"customer_phone": "v7"},
            {"buyers": ["v7", "v8"]},
            {"number": 7},
            {"archived": True},
            {"seller": "v0", "archived": True},
        )
    ],
    "reels.feed": [
        lambda db: reels.feed(db, reels.Filter(), *TOP),
        lambda db: reels.feed(db, reels.Filter(seller="v7"), *TOP),
        lambda db: reels.feed(db, reels.Filter(product="v7"), *TOP),
        lambda db: reels.feed(db, reels.Filter(category="v7"), *TOP),
    ],
    "reels.mine": [
        lambda db: reels.mine(db, None, *PAGE),
        lambda db: reels.mine(db, "v7", *PAGE),
    ],
}
# What looks at all there is, or at all of some days, and why it must.
WHOLE = {
    "analytics.sales_by_day": "of a span of days",
    "analytics.marketplace": "sums over the tenant",
    "bin.due": "few things are in the bin, by place",
    "bin.retention": "one row",
    "catalog.selected": "as products, for a bulk",
    "engagement.of": "rows of these ids",
    "kernel.ids_of": "what the others are made of",
    "kernel.newest": "what the others are made of",
    "kernel.oldest": "what the others are made of",
    "kernel.one": "one row",
    "kernel.page": "what the others are made of",
    "kernel._slice": "what the others are made of",
    "kernel.standing": "what the others are made of",
    "materials.dashboard": "sums over the owner's",
    "materials.selected": "as materials, for a bulk",
    "orders.every": "an export",
}


class Explaining:
    """A tenant's reader that notes how many rows each query looked at in vain."""

    tenant = "A"

    def __init__(self, pool):
        self._inner, self.vain = PostgresReader(pool)("A"), []

    async def rows(self, sql, params=()):
        [[plan]] = await self._inner.rows(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
        told = json.loads(plan) if isinstance(plan, str | bytes) else plan
        self.vain.append((vain(told[0]["Plan"]), sql))
        return await self._inner.rows(sql, params)


def vain(node):
    """Rows that this node and those below it found and threw away."""
    removed = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    own = sum(node.get(each, 0) for each in removed) * node["Actual Loops"]
    return own + sum(vain(each) for each in node.get("Plans", ()))


def name_of(call):
    return getattr(call.func, "attr", getattr(call.func, "id", None))


@pytest.fixture(scope="module")
async def large(new_database):
    """Every table with some thousand rows of one tenant."""
    url = new_database()
    async with connected(url) as owner:
        for projection in PROJECTIONS.values():
            for table in projection.TABLES:
                values = {name: VALUES[column.type] for name, column in table.columns.items()}
                values |= {name: value for name, value in SEEN.items() if name in values}
                row = ALWAYS | values
                await owner.execute(
                    f"INSERT INTO read.{table.name} ({', '.join(row)})"
                    f" SELECT {', '.join(row.values())} FROM generate_series(1, {ROWS}) AS n"
                )
                await owner.execute(f"ANALYZE read.{table.name}")
    pool = await open_pool(url, READ, size=1, name="test-lists", timeout=PATIENCE)
    yield pool
    await pool.close()


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_looks_at_little_that_it_does_not_answer(large, name):
    for listed in LISTS[name]:
        db = Explaining(large)
        await listed(db)
        assert db.vain, "it asked nothing"
        assert [told for told in db.vain if told[0] > MOST] == []


@pytest.mark.parametrize("name", ["catalog", "catalog?seller=v7", "reels", "reels?seller=v7"])
async def test_nor_does_a_snapshot_for_who_sees_only_what_is_shown(large, name):
    db = Explaining(large)
    with suppress(Unavailable):  # nothing was ever projected there
        await Snapshots(lambda tenant: db)(Channel("A", parse(name), None), True)
    ((looked, _),) = db.vain
    assert looked <= MOST


def test_every_query_of_many_rows_is_looked_at_or_has_a_reason():
    asking = {"rows", "page", "newest", "oldest", "ids_of", "standing", "_slice"}
    found = set()
    folder = Path(catalog.__file__).parent.parent
    for path in folder.rglob("*.py"):
        context = path.parent.name if path.parent != folder else path.stem
        for query in ast.parse(path.read_text()).body:
            called = {name_of(each) for each in ast.walk(query) if isinstance(each, ast.Call)}
            if isinstance(query, ast.AsyncFunctionDef) and called & asking:
                found.add(f"{context}.{query.name}")
    assert found == {*LISTS, *WHOLE}
