"""Checking out, on a real log: one append, or nothing."""

import asyncio
from uuid import uuid4

import pytest

from application.carts import Carts
from application.checkouts import Checkouts, Contact, Paying, Terms, order_id
from application.commands import Commands
from application.ports import Key, KeyReused, Missing
from domain import carts, catalog, checkouts, costing, identity, orders, payments
from domain.catalog import ChangePrice, RetireProduct
from domain.costs import Cost
from domain.identity import DismissSeller
from domain.kernel import Personal, Rejected
from domain.money import Money, Price
from tests.policies.market import call, market_at
from tests.support.patience import PATIENCE

CARD = Terms(payments=(Paying("card"),))


def dzd(minor):
    return Money(minor, "DZD")


@pytest.fixture
async def market(database):
    """Two shops: karim sells rugs (5 pieces, 10.00) and lamps (2, 25.00), leila tea (100, 3.00)."""
    async with market_at(database, {}) as market:
        for seller in ("karim", "leila"):
            await market.seller(seller)
        await market.product("rug", "karim", 5)
        await market.product("lamp", "karim", 2, 2500)
        await market.product("tea", "leila", 100, 300)
        market.carts = Carts(market.commands)
        yield market


async def filled(market, *items, owner="amina"):
    """A cart with these (product, quantity)."""
    id = str(uuid4())
    await market.carts.open(call(), id, owner)
    for product, quantity in items:
        await market.carts.add_item(call(), id, owner, product, quantity)
    return id


async def test_only_a_sale_of_what_is_costed_reads_what_it_costs(market, monkeypatch):
    reads, latest = [], market.log.latest

    async def counted(tenant, kind, streams):
        reads.append(list(streams))
        return await latest(tenant, kind, reads[-1])

    monkeypatch.setattr(market.log, "latest", counted)
    await market.do(catalog, "lamp", catalog.LinkCosting("lamp-costs"))
    define = costing.DefineProduct("karim", "Lamp", "DZD")
    rolled = costing.RollUp(Cost(7 * 10**6, "DZD"), costing.Cause("product", "lamp-costs"))
    told = await market.do(costing, "lamp-costs", define, rolled, costing.SetMargin(100))
    plain, linked = await filled(market, ("rug", 1)), await filled(market, ("rug", 1), ("lamp", 1))
    await market.checkouts.check_out(call(), plain, "amina", Terms())
    assert reads == []
    await market.checkouts.check_out(call(), linked, "amina", Terms())
    assert reads == [["bazaar/costing/lamp-costs"]]
    placed = [r.event for r in await market.happened(orders.OrderPlaced)]
    costs = [{line.product: line.cost for line in order.lines} for order in placed]
    known = orders.LineCost("lamp-costs", Cost(7 * 10**6, "DZD"), told.position - 1)
    assert costs == [{"rug": None}, {"rug": None, "lamp": known}]


async def head(market):
    return len(await market.events())


async def test_a_cart_becomes_one_order_per_seller_in_one_append(market):
    cart = await filled(market, ("rug", 2), ("tea", 3), ("lamp", 1))
    before = await head(market)
    receipt = await market.checkouts.check_out(call(), cart, "amina", Terms())

    assert [(o.seller, o.number, o.total) for o in receipt.orders] == [
        ("karim", 1, Price("45.00", "DZD")),
        ("leila", 2, Price("9.00", "DZD")),
    ]
    assert receipt.total == Price("54.00", "DZD")
    assert (await market.state(carts, cart)).checkout == receipt.id
    group = await market.state(checkouts, receipt.id)
    assert (group.total, [x.order for x in group.orders]) == (
        dzd(5400),
        [order_id(receipt.id, "karim"), order_id(receipt.id, "leila")],
    )
    new = (await market.events())[before:]
    assert {r.command_id for r in new} == {new[0].command_id}
    assert [r.tag for r in new] == [
        "carts.cart_checked_out",
        "checkouts.checkout_placed",
        "orders.order_placed",
        "orders.order_placed",
        "payments.payments_opened",
        "payments.payment_intended",
        "inventory.stock_reserved",
        "inventory.stock_reserved",
        "inventory.stock_reserved",
    ]
    assert receipt.position == new[-1].position


async def test_cash_keeps_the_stock_and_a_card_holds_it_for_a_while(market):
    by_cash = await filled(market, ("rug", 1))
    by_card = await filled(market, ("rug", 1))
    cash = await market.checkouts.check_out(call(), by_cash, "amina", Terms())
    card = await market.checkouts.check_out(call(), by_card, "amina", CARD)

    held = (await market.stock("rug")).reservations
    assert held[cash.orders[0].id].expires_at is None
    assert held[card.orders[0].id].expires_at is not None
    assert (await market.order(cash.orders[0].id)).cash
    assert not (await market.order(card.orders[0].id)).cash


async def test_without_the_stock_of_one_line_nothing_at_all_is_written(market):
    cart = await filled(market, ("tea", 3), ("rug", 6))
    before = await head(market)
    with pytest.raises(Rejected, match=r"inventory\.insufficient"):
        await market.checkouts.check_out(call(), cart, "amina", Terms())

    assert await head(market) == before
    assert not (await market.state(carts, cart)).closed
    assert (await market.stock("tea")).available == 100


async def test_a_price_that_fell_is_passed_on(market):
    cart = await filled(market, ("rug", 2))
    await market.do(catalog, "rug", ChangePrice(dzd(900)))
    receipt = await market.checkouts.check_out(call(), cart, "amina", Terms())

    assert receipt.total == Price("18.00", "DZD")
    assert (await market.order(receipt.orders[0].id)).lines[0].unit_price == dzd(900)


async def test_a_price_that_rose_is_paid_only_once_accepted(market):
    cart = await filled(market, ("rug", 2))
    await market.do(catalog, "rug", ChangePrice(dzd(1100)))
    with pytest.raises(Rejected, match=r"carts\.price_rose"):
        await market.checkouts.check_out(call(), cart, "amina", Terms())

    with pytest.raises(Rejected, match=r"carts\.price_moved"):
        await market.carts.accept_price(call(), cart, "amina", "rug", dzd(1050))
    await market.carts.accept_price(call(), cart, "amina", "rug", dzd(1100))
    receipt = await market.checkouts.check_out(call(), cart, "amina", Terms())
    assert receipt.total == Price("22.00", "DZD")


async def test_a_dismissed_seller_stops_the_checkout(market):
    cart = await filled(market, ("rug", 1), ("tea", 1))
    await market.do(identity, "leila", DismissSeller())
    before = await head(market)
    with pytest.raises(Rejected, match=r"carts\.seller_gone"):
        await market.checkouts.check_out(call(), cart, "amina", Terms())
    assert await head(market) == before


async def test_a_retired_product_stops_the_checkout(market):
    cart = await filled(market, ("rug", 2))
    await market.do(catalog, "rug", RetireProduct())
    with pytest.raises(Rejected, match=r"carts\.product_retired"):
        await market.checkouts.check_out(call(), cart, "amina", Terms())


async def test_another_buyers_cart_is_not_there(market):
    cart = await filled(market, ("rug", 1))
    with pytest.raises(Missing):
        await market.checkouts.check_out(call(), cart, "eve", Terms())


async def test_a_cart_is_bought_once(market):
    cart = await filled(market, ("rug", 1))
    await market.checkouts.check_out(call(), cart, "amina", Terms())
    with pytest.raises(Rejected, match=r"carts\.closed"):
        await market.checkouts.check_out(call(), cart, "amina", Terms())


def keyed(body=b"same"):
    return call(key=Key("amina", "checkout", "key-1", body))


async def test_a_retried_checkout_makes_one_order_and_gives_the_same_answer(market):
    cart = await filled(market, ("rug", 1))
    first = await market.checkouts.check_out(keyed(), cart, "amina", Terms())
    again = await asyncio.gather(
        *(market.checkouts.check_out(keyed(), cart, "amina", Terms()) for _ in range(5))
    )

    assert again == [first] * 5
    assert len(await market.happened(orders.OrderPlaced)) == 1


async def test_the_same_key_for_another_request_is_refused(market):
    cart = await filled(market, ("rug", 1))
    await market.checkouts.check_out(keyed(), cart, "amina", Terms())
    with pytest.raises(KeyReused):
        await market.checkouts.check_out(keyed(b"other"), cart, "amina", Terms())


async def test_many_carts_race_for_five_rugs_and_five_are_sold(market):
    carts_ = [await filled(market, ("tea", 1), ("rug", 1), owner=f"b{n}") for n in range(12)]
    # Another process: nothing queues between the two.
    other = Checkouts(Commands(market.log, patience=PATIENCE))
    racing = [
        (market.checkouts, other)[n % 2].check_out(call(), cart, f"b{n}", Terms())
        for n, cart in enumerate(carts_)
    ]
    done = await asyncio.gather(*racing, return_exceptions=True)

    lost = [result for result in done if isinstance(result, Exception)]
    assert {getattr(result, "code", result) for result in lost} == {"inventory.insufficient"}
    assert len(lost) == 7
    assert ((await market.stock("rug")).available, (await market.stock("tea")).available) == (0, 95)
    numbers = sorted(o.number for r in done if not isinstance(r, Exception) for o in r.orders)
    assert numbers == list(range(1, 11))


async def test_payments_that_do_not_add_up_are_refused_unless_they_are_history(market):
    halves = (Paying("voucher", dzd(400)), Paying("card", dzd(500)))
    cart = await filled(market, ("rug", 1))
    with pytest.raises(Rejected, match=r"checkouts\.payments_do_not_add_up"):
        await market.checkouts.check_out(call(), cart, "amina", Terms(payments=halves))

    history = Terms(payments=halves, exact=False, timed=False)
    receipt = await market.checkouts.check_out(call(), cart, "amina", history)
    intended = await market.happened(payments.PaymentIntended)
    assert [r.event.amount for r in intended] == [dzd(400), dzd(500)]
    held = (await market.stock("rug")).reservations[receipt.orders[0].id]
    assert held.expires_at is None


async def test_a_tip_comes_on_top_of_the_total(market):
    cart = await filled(market, ("rug", 1))
    paying = (Paying("card"), Paying("card", dzd(150), "tip"))
    receipt = await market.checkouts.check_out(call(), cart, "amina", Terms(payments=paying))
    assert receipt.total == Price("10.00", "DZD")


async def test_shipping_is_added_to_its_sellers_order(market):
    cart = await filled(market, ("rug", 1), ("tea", 1))
    terms = Terms(shipping={"leila": dzd(70)})
    receipt = await market.checkouts.check_out(call(), cart, "amina", terms)
    assert [o.total.amount for o in receipt.orders] == ["10.00", "3.70"]
    assert receipt.total == Price("13.70", "DZD")


async def test_what_a_buyer_says_of_themselves_is_theirs_and_sealed(market):
    cart = await filled(market, ("rug", 1))
    contact = Contact("Amina K", "0550", None, "1 rue Didouche", region="16")
    terms = Terms(contact=contact, note="Ring twice")
    await market.checkouts.check_out(call(), cart, "amina", terms)

    (placed,) = await market.happened(orders.OrderPlaced)
    assert placed.event.customer.name.subject == "amina"
    assert placed.event.customer.region == "16"
    read = await market.log.read(placed.tenant, [placed.stream])
    opened = read[placed.stream][0].event
    assert opened.note == Personal("amina", "Ring twice")
    assert opened.customer.email is None
    assert opened.seller_name == "Shop karim"
