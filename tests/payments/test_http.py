"""A checkout's money over HTTP: the buyer means it, staff record it, sellers collect it."""

from uuid import uuid4

import pytest

from application.checkouts import Item, Paying, Terms
from application.ports import Receipt
from domain import payments
from domain.money import Money
from tests.policies.market import call


@pytest.fixture
def api(town):
    return town.apart()


class Shop:
    """Tom's tea (6.00) and Eve's cups (4.00), and who deals with them."""

    def __init__(self, api, products):
        self.api, self.products = api, products
        self.buyer, self.staff = api.of("buyer", "amina"), api.of("admin", "root")
        self.tom, self.eve = api.of("seller", "tom"), api.of("seller", "eve")

    async def buy(self, *paying, products=("tea", "cup")):
        items = [Item(self.products[name], 1) for name in products]
        terms = Terms(payments=paying or (Paying("card"),))
        placed = await self.api.souk.checkouts.buy(
            call(tenant=self.api.tenant), str(uuid4()), "amina", items, terms
        )
        self.orders = {order.seller: order.id for order in placed.orders}
        return placed

    async def read(self, placed, after=0, by=None):
        return await (by or self.buyer).get(
            f"/payments/{placed.id}", after=max(after, placed.position)
        )

    async def first(self, placed):
        return (await self.read(placed)).json()["payments"][0]["id"]


@pytest.fixture
async def shop(api):
    await api.market("tom", "eve")
    tea = await api.product("tom", "tea", "6.00", stock=9)
    cup = await api.product("eve", "cup", "4.00", stock=9)
    return Shop(api, {"tea": tea, "cup": cup})


def dzd(amount):
    return {"amount": amount, "currency": "DZD"}


async def test_a_buyer_sees_what_they_owe_and_whom(shop):
    placed = await shop.buy()
    shown = (await shop.read(placed)).json()
    assert (shown["total"], shown["due"], shown["captured"]) == (
        dzd("10.00"),
        dzd("10.00"),
        dzd("0.00"),
    )
    assert {(s["seller"], s["amount"]["amount"]) for s in shown["shares"]} == {
        ("tom", "6.00"),
        ("eve", "4.00"),
    }
    assert [(p["method"], p["status"]) for p in shown["payments"]] == [("card", "pending")]


async def test_other_buyers_and_other_tenants_see_nothing(shop):
    placed = await shop.buy()
    await shop.read(placed)
    await shop.api.market(tenant="souk2")
    for stranger in (
        shop.api.of("buyer", "mallory"),
        shop.eve,
        shop.api.of("admin", "root", "souk2"),
    ):
        refused = await stranger.get(f"/payments/{placed.id}")
        assert (refused.status_code, refused.json()["code"]) == (404, "payments.unknown_checkout")
        refused = await stranger.post(f"/payments/{placed.id}/intend", {"method": "card"})
        assert refused.status_code == 404
    assert (await shop.api.of("auditor", "zed").get(f"/payments/{placed.id}")).status_code == 200


async def test_a_card_payment_from_intent_to_capture(shop):
    placed = await shop.buy(
        Paying("voucher", Money(100, "DZD")), Paying("boleto", Money(900, "DZD"))
    )
    made = await shop.buyer.post(
        f"/payments/{placed.id}/intend", {"method": "card", "amount": dzd("9.00")}
    )
    assert made.status_code == 201
    url = f"/payments/{placed.id}/{made.json()['id']}"
    voucher = f"/payments/{placed.id}/{await shop.first(placed)}"
    assert (await shop.staff.post(f"{voucher}/capture", {})).status_code == 200
    assert (await shop.staff.post(f"{url}/authorise")).status_code == 200
    done = await shop.staff.post(f"{url}/capture", {"amount": dzd("9.00")})
    shown = (await shop.read(placed, done.json()["position"])).json()
    assert (shown["captured"], shown["paid"]) == (dzd("10.00"), True)
    assert [p["status"] for p in shown["payments"]] == ["captured", "pending", "captured"]


async def test_buyers_record_no_captures(shop):
    placed = await shop.buy()
    url = f"/payments/{placed.id}/{await shop.first(placed)}"
    refused = await shop.buyer.post(f"{url}/capture", {})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_a_failed_payment_says_so(shop):
    placed = await shop.buy()
    url = f"/payments/{placed.id}/{await shop.first(placed)}"
    done = await shop.staff.post(f"{url}/fail", {"reason": "declined"})
    (shown,) = (await shop.read(placed, done.json()["position"])).json()["payments"]
    assert (shown["status"], shown["reason"]) == ("failed", "declined")
    refused = await shop.staff.post(f"{url}/capture", {})
    assert (refused.status_code, refused.json()["code"]) == (422, "payments.already_failed")


async def test_the_second_part_of_a_payment_is_not_taken_for_its_first(shop):
    placed = await shop.buy()
    url = f"/payments/{placed.id}/{await shop.first(placed)}/capture"
    first = await shop.staff.post(url, {"amount": dzd("4.00")})
    again = await shop.staff.post(url, {"amount": dzd("4.00")})
    assert (again.status_code, again.json()["position"]) == (200, first.json()["position"])
    refused = await shop.staff.post(url, {"amount": dzd("6.00")})
    assert (refused.status_code, refused.json()["code"]) == (422, "payments.already_captured")
    assert refused.json()["detail"] == "intend another payment"


async def test_each_seller_collects_their_cash(shop):
    placed = await shop.buy(Paying("cod"))
    url = f"/payments/{placed.id}/collect"
    refused = await shop.tom.post(url, {"order": shop.orders["eve"]})
    assert (refused.status_code, refused.json()["code"]) == (403, "payments.not_yours")
    assert (await shop.buyer.post(url, {"order": shop.orders["tom"]})).status_code == 404
    assert (await shop.tom.post(url, {"order": shop.orders["tom"]})).status_code == 200
    done = await shop.eve.post(url, {"order": shop.orders["eve"]})
    shown = (await shop.read(placed, done.json()["position"])).json()
    assert shown["paid"] is True


async def test_deposits_are_applied_or_returned(shop):
    placed = await shop.buy(Paying("cod", purpose="deposit"))
    url = f"/payments/{placed.id}/{await shop.first(placed)}"
    refused = await shop.staff.post(f"{url}/apply-deposit")
    assert (refused.status_code, refused.json()["code"]) == (422, "payments.not_captured")
    await shop.staff.post(f"{url}/capture", {})
    done = await shop.staff.post(f"{url}/apply-deposit")
    shown = (await shop.read(placed, done.json()["position"])).json()
    assert (shown["paid"], shown["payments"][0]["status"]) == (True, "applied")
    refused = await shop.staff.post(f"{url}/return-deposit")
    assert (refused.status_code, refused.json()["code"]) == (422, "payments.deposit_applied")


async def test_a_requested_refund_is_settled(shop):
    placed = await shop.buy()
    first = await shop.first(placed)
    await shop.staff.post(f"/payments/{placed.id}/{first}/capture", {})
    await _cancel_share(shop, placed.id, shop.orders["eve"])
    done = await shop.staff.post(f"/payments/{placed.id}/refunds/1/settle")
    assert done.status_code == 200
    shown = (await shop.read(placed, done.json()["position"])).json()
    assert shown["requested"] == shown["refunded"] == dzd("4.00")
    assert [(r["seller"], r["refunded"]) for r in shown["refunds"]] == [("eve", True)]
    refused = await shop.staff.post(f"/payments/{placed.id}/refunds/2/settle")
    assert (refused.status_code, refused.json()["code"]) == (404, "payments.unknown_refund")


async def test_staff_ask_money_back_in_parts(shop):
    placed = await shop.buy()
    url = f"/payments/{placed.id}/refunds"
    part = {"order": shop.orders["tom"], "amount": dzd("1.50"), "reason": "faulty"}
    refused = await shop.staff.post(url, part)
    assert (refused.status_code, refused.json()["code"]) == (422, "payments.not_paid")
    await shop.staff.post(f"/payments/{placed.id}/{await shop.first(placed)}/capture", {})
    key = str(uuid4())
    asked = await shop.staff.post(url, part, key=key)
    assert (asked.status_code, asked.json()["id"]) == (201, "1")
    again = await shop.staff.post(url, part, key=key)
    assert again.json() == asked.json()
    rest = {"order": shop.orders["tom"], "reason": "returned"}
    done = await shop.staff.post(url, rest)
    shown = (await shop.read(placed, done.json()["position"])).json()
    assert (shown["due"], shown["requested"], shown["refunded"]) == (
        dzd("4.00"),
        dzd("6.00"),
        dzd("0.00"),
    )
    assert [
        (r["id"], r["seller"], r["amount"]["amount"], r["reason"]) for r in shown["refunds"]
    ] == [
        ("1", "tom", "1.50", "faulty"),
        ("2", "tom", "4.50", "returned"),
    ]
    refused = await shop.staff.post(url, rest)
    assert (refused.json()["code"], refused.json()["detail"]) == (
        "payments.refund_too_large",
        "0.00 DZD is left",
    )
    refused = await shop.staff.post(url, rest | {"order": "elsewhere"})
    assert (refused.status_code, refused.json()["code"]) == (404, "payments.unknown_share")


async def test_what_a_buyer_paid_twice_goes_back_and_is_no_sellers_loss(shop):
    placed = await shop.buy(Paying("card"), products=("tea",))
    more = await shop.buyer.post(
        f"/payments/{placed.id}/intend", {"method": "wallet", "amount": dzd("6.00")}
    )
    for payment in (await shop.first(placed), more.json()["id"]):
        await shop.staff.post(f"/payments/{placed.id}/{payment}/capture", {})
    url = f"/payments/{placed.id}/refunds"
    asked = await shop.staff.post(url, {"order": None, "reason": "paid_twice"})
    assert asked.status_code == 201
    done = await shop.staff.post(f"{url}/{asked.json()['id']}/settle")
    shown = (await shop.read(placed, done.json()["position"])).json()
    assert (shown["due"], shown["captured"], shown["refunded"]) == (
        dzd("6.00"),
        dzd("12.00"),
        dzd("6.00"),
    )
    assert [(r["order"], r["seller"]) for r in shown["refunds"]] == [(None, None)]
    refused = await shop.staff.post(url, {"order": None, "reason": "paid_twice"})
    assert (refused.status_code, refused.json()["code"]) == (422, "payments.refund_too_large")


async def test_only_staff_ask_money_back(shop):
    placed = await shop.buy()
    for other in (shop.buyer, shop.tom, shop.api.of("auditor", "zed")):
        refused = await other.post(
            f"/payments/{placed.id}/refunds", {"order": shop.orders["tom"], "reason": "faulty"}
        )
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def _cancel_share(shop, checkout, order):
    """As the refunds policy does when the order is cancelled."""

    async def attempt(work):
        await work.decide(payments, checkout, payments.CancelShare(order))
        return work.receipt(payments, checkout)

    await shop.api.souk.commands.run(call(tenant=shop.api.tenant), Receipt, attempt)


async def test_money_must_be_money_of_the_checkouts_currency(shop):
    placed = await shop.buy()
    url = f"/payments/{placed.id}/intend"
    for amount, code in (
        ({"amount": "1.00", "currency": "BRL"}, "money.currency_mixed"),
        (dzd("1.001"), "money.malformed"),
        (dzd("-1"), "money.malformed"),
    ):
        refused = await shop.buyer.post(url, {"method": "card", "amount": amount})
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    refused = await shop.buyer.post(url, {"method": "Card!"})
    assert refused.status_code == 400
