"""What a sale has earned is written down when it is made, and is for its seller alone."""

from psycopg.sql import SQL, Identifier

from adapters.nats.reader import subjects
from adapters.postgres.pools import borrow
from domain.orders import OrderPlaced
from tests.carts.test_http import cart
from tests.costing.settling import logged
from tests.costing.test_http import PATH, UNKNOWN, define
from tests.costing.test_links import link
from tests.materials.test_http import dinars
from tests.reels.house import refused

SALES = "/costing/sales"
COST, LEFT = "411.52333333", "1676.95"  # of one at 1234.57 for three, and of two at 1250.00
CANARIES = (COST, LEFT)  # no four digits alone: ids have any


async def box(house, path, amount, makes=3):
    """That much is what a batch of three costs."""
    body = {"name": "box", "on": "fixed", "amount": dinars(amount)}
    await house.done(house.amina.post(f"{path}/components", {"components": [], "makes": makes}))
    return await house.done(house.amina.post(f"{path}/overheads", {"overheads": [body]}))


async def sold(house, *items, client=None):
    client = client or house.karim
    id = await cart(client, *items)
    done = await house.done(client.post(f"/carts/{id}/check-out", {}), 201)
    return done["orders"]


async def shop(house):
    """A rug that is costed, its costed product, and a tea that is not."""
    rug = await house.api.product("amina", "rug", "1250.00", stock=50, tenant=house.tenant)
    tea = await house.api.product("amina", "tea", "3.00", stock=50, tenant=house.tenant)
    scarf = await define(house, margin=5000)
    await link(house, scarf, rug)
    return rug, scarf, tea


async def test_a_sale_says_what_it_cost_and_where_that_comes_from(house):
    rug, scarf, tea = await shop(house)
    (unknown,) = await sold(house, (rug, 1))
    costed = await box(house, scarf, "1234.57")
    (first,) = await sold(house, (tea, 5), (rug, 2))
    dearer = await box(house, scarf, "4234.57")
    (second,) = await sold(house, (rug, 1))
    found = (await house.seen(house.amina, SALES))["items"]
    assert [sale["order"] for sale in found] == [second["id"], first["id"], unknown["id"]]
    assert (await house.seen(house.amina, f"{scarf}/sales"))["items"] == found
    sale = found[1]
    assert sale.pop("sold_at")
    assert sale.pop("place") > found[2]["place"]
    assert sale == {
        "order": first["id"],
        "number": first["number"],
        "product": rug,
        "costing": scarf.rpartition("/")[2],
        "name": "Rug",
        "seller": "amina",
        "quantity": 2,
        "unit_price": dinars("1250.00"),
        "subtotal": dinars("2500.00"),
        "unit_cost": dinars(COST),
        "cost_position": costed["position"],
        "margin": dinars(LEFT),
        "margin_rate": 6708,
    }
    dear = found[0]
    assert (dear["unit_cost"], dear["cost_position"]) == (
        dinars("1411.52333333"),
        dearer["position"],
    )
    assert (dear["margin"], dear["margin_rate"]) == (dinars("-161.52"), -1292)
    known = [found[2][name] for name in ("unit_cost", "cost_position", "margin", "margin_rate")]
    assert known == [None] * 4, "nothing was known of it then, and nothing is made up now"


async def test_sales_are_their_sellers_and_are_found_by_product(house):
    rug, scarf, tea = await shop(house)
    await box(house, scarf, "1234.57")
    await sold(house, (rug, 2), (tea, 1))
    await link(house, scarf, tea)
    await sold(house, (rug, 1), (tea, 1))
    for reader in (house.amina, house.root, house.olga):
        found = (await house.seen(reader, SALES))["items"]
        assert [sale["product"] for sale in found] == [tea, rug], "the rug is linked no more"
        found = (await house.seen(reader, SALES, product=tea))["items"]
        assert [sale["quantity"] for sale in found] == [1]
    assert (await house.seen(house.root, SALES, owner="basma"))["items"] == []
    assert (await house.seen(house.basma, SALES))["items"] == []
    named = house.basma.get(SALES, owner="amina")
    assert await refused(named) == (403, "forbidden")
    assert await house.unseen(house.basma, f"{scarf}/sales") == UNKNOWN
    for path in (SALES, f"{scarf}/sales"):
        assert await refused(house.karim.get(path)) == (403, "forbidden")


async def test_no_buyer_reads_of_costs_or_margins_anywhere(house):
    rug, scarf, _ = await shop(house)
    await box(house, scarf, "1234.57")
    (order,) = await sold(house, (rug, 2))
    await house.done(house.amina.post(f"/orders/{order['id']}/confirm"))
    await house.seen(house.amina, f"{scarf}/sales")  # every answer below is no older
    canaries = (*CANARIES, scarf.rpartition("/")[2])
    (line,) = [
        line
        for recorded in await logged(house)
        if isinstance(recorded.event, OrderPlaced)
        for line in recorded.event.lines
    ]
    assert line.cost.costing == canaries[-1], "it is in the log"

    for path in (
        f"/orders/{order['id']}",
        "/orders",
        "/orders/export",
        "/checkouts",
        "/carts",
        "/payments",
        f"/catalog/products/{rug}",
        "/catalog/products",
        f"/inventory/{rug}",
    ):
        for client in (house.karim, house.basma):
            answer = await client.get(path, after=house.at)
            assert answer.status_code in (200, 404), path
            assert not any(canary in answer.text for canary in canaries), path
    for path in (PATH, SALES):
        assert await refused(house.karim.get(path)) == (403, "forbidden")

    shown = await stored(house)
    assert {table for table, text in shown.items() if any(c in text for c in canaries)} == {
        *("costing_products", "costing_sales", "costing_timeline", "bin_things"),
        "pushed: costing_products",
    }
    claims = await house.souk.tokens.verify(house.api.token("buyer", "karim", house.tenant))
    assert not any(".costing." in subject for subject in subjects(claims))


async def stored(house):
    """All that the tenant's read tables hold, as text, by table; what is pushed, by its source."""
    tenants = SQL(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'read' AND column_name = 'tenant' AND table_name <> 'changes'"
    )
    pushed = SQL("SELECT source, topic, document FROM read.changes WHERE tenant = %s")
    async with borrow(house.souk.project) as db:
        tables = [name for (name,) in await (await db.execute(tenants)).fetchall()]
        found = {}
        for name in tables:
            whole = SQL("SELECT * FROM read.{} WHERE tenant = %s").format(Identifier(name))
            found[name] = text(await (await db.execute(whole, (house.tenant,))).fetchall())
        for source, *row in await (await db.execute(pushed, (house.tenant,))).fetchall():
            name = f"pushed: {source}"
            found[name] = found.get(name, "") + text([row])
    assert "orders_orders" in found
    assert "pushed: orders_orders" in found
    return found


def text(rows):
    values = [value for row in rows for value in row]
    return " ".join(v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in values)
