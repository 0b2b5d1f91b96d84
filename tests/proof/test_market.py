"""Several buyers, sellers and tenants drive the HTTP API at will; a plain model says what is so."""

import asyncio
import itertools
import os
from collections import Counter
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from adapters.policies.outcomes import positions
from adapters.policies.runner import PolicyRunner
from tests.support.http import running_api
from tests.support.patience import PATIENCE

STEPS = {
    "confirm": ("pending", "confirmed"),
    "start-processing": ("confirmed", "processing"),
    "ready": ("processing", "ready"),
    "ship": ("processing", "shipped"),
    "deliver": ("shipped", "delivered"),
}
CANCELLABLE = ("pending", "confirmed")  # by the buyer
BODIES = {"ship": {"tracking": None}}
SHRINK = "SOUK_SHRINK" in os.environ  # a smaller failure, for minutes of waiting
examples = itertools.count()


@dataclass
class Product:
    tenant: str
    seller: str
    id: str
    price: int  # minor units
    available: int = 0


@dataclass
class Cart:
    tenant: str
    buyer: str
    id: str
    lines: dict[str, list[int]] = field(default_factory=dict)  # product: [quantity, price]
    closed: bool = False


@dataclass
class Order:
    checkout: "Checkout"
    id: str
    seller: str
    lines: dict[str, int]
    total: int
    status: str = "pending"
    back: int = 0  # asked back while it stands


@dataclass
class Checkout:
    tenant: str
    buyer: str
    id: str
    cash: bool
    orders: list[Order] = field(default_factory=list)
    captured: int = 0

    @property
    def due(self) -> int:
        standing = [order for order in self.orders if order.status != "cancelled"]
        return sum(order.total - order.back for order in standing)


def amount(minor: int) -> dict[str, str]:
    return {"amount": f"{minor // 100}.{minor % 100:02}", "currency": "DZD"}


class Market(RuleBasedStateMachine):
    """Two tenants, each with two sellers and two buyers of the same names."""

    seen = Counter()  # what happened at all, over every example
    souk = None  # the running Souk, and the loop that it runs in
    loop = None
    products, carts, checkouts = Bundle("products"), Bundle("carts"), Bundle("checkouts")

    def do(self, awaitable):
        return self.loop.run(awaitable)

    def sent(self, tenant, role, user, path, body=None):
        answer = self.do(self.souk.of(role, user, tenant).post(path, body))
        assert answer.status_code < 500, answer.text
        if answer.status_code < 300:
            self.position = max(self.position, answer.json()["position"])
        return answer

    def read(self, tenant, role, user, path):
        return self.do(self.souk.of(role, user, tenant).get(path, after=self.position))

    def settled(self):
        """Every policy has heard everything; reads wait for what the policies then did."""

        async def wait():
            souk = self.souk.souk
            while True:  # the head last: what a policy did before it came so far is up to there
                heard = min((await positions(souk.project)).values(), default=0)
                if heard >= (head := await souk.positions.head()):
                    return head
                await asyncio.sleep(0.01)

        self.position = max(self.position, self.do(asyncio.wait_for(wait(), PATIENCE)))

    @initialize(target=products, stock=st.lists(st.integers(1, 8), min_size=4, max_size=4))
    def open_for_business(self, stock):
        self.position, number = 0, next(examples)
        self.tenants = [f"north{number}", f"south{number}"]
        self.all_products, self.all_checkouts = {}, []
        for tenant in self.tenants:
            self.do(self.souk.market("sara", "said", tenant=tenant))
        sellers = itertools.product((0, 1), ("sara", "said"))
        return multiple(*(self.offer(*of, 1000, n) for of, n in zip(sellers, stock, strict=True)))

    def offer(self, tenant, seller, price, stock):
        tenant, slug = self.tenants[tenant], f"thing-{len(self.all_products)}"
        body = {"name": slug, "slug": slug, "price": amount(price)}
        made = self.sent(tenant, "seller", seller, "/catalog/products", body)
        assert made.status_code == 201
        product = Product(tenant, seller, made.json()["id"], price)
        self.all_products[product.id] = product
        if stock:
            self.receive(product, stock)
        return product

    @rule(product=products, quantity=st.integers(1, 5))
    def receive(self, product, quantity):
        path = f"/inventory/{product.id}/receive"
        got = self.sent(product.tenant, "seller", product.seller, path, {"quantity": quantity})
        assert got.status_code == 200
        product.available += quantity

    @rule(product=products, price=st.integers(0, 5000))
    def reprice(self, product, price):
        path, body = f"/catalog/products/{product.id}/price", {"price": amount(price)}
        assert self.sent(product.tenant, "seller", product.seller, path, body).status_code == 200
        product.price = price

    @rule(target=carts, tenant=st.integers(0, 1), buyer=st.sampled_from(["bela", "bilal"]))
    def open_cart(self, tenant, buyer):
        made = self.sent(self.tenants[tenant], "buyer", buyer, "/carts")
        assert made.status_code == 201
        return Cart(self.tenants[tenant], buyer, made.json()["id"])

    @rule(cart=carts, product=products, quantity=st.integers(1, 3))
    def put(self, cart, product, quantity):
        body = {"product": product.id, "quantity": quantity}
        put = self.sent(cart.tenant, "buyer", cart.buyer, f"/carts/{cart.id}/items", body)
        foreign = product.tenant != cart.tenant
        if cart.closed or foreign:
            why = ["carts.closed"] * cart.closed + ["carts.unknown_product"] * foreign
            assert put.json()["code"] in why
        else:
            assert put.status_code == 200, put.text
            held = cart.lines.get(product.id, [0])[0]
            cart.lines[product.id] = [held + quantity, product.price]

    @rule(cart=carts, product=products)
    def accept_price(self, cart, product):
        if product.id in cart.lines and not cart.closed:
            path = f"/carts/{cart.id}/items/{product.id}/accept-price"
            assert self.sent(cart.tenant, "buyer", cart.buyer, path, {}).status_code == 200
            cart.lines[product.id][1] = product.price

    @rule(
        target=checkouts,
        tenant=st.integers(0, 1),
        buyer=st.sampled_from(["bela", "bilal"]),
        wanted=st.lists(st.tuples(st.integers(0, 1), st.integers(1, 3)), min_size=1, max_size=2),
        how=st.sampled_from(["cash", "card", "paid", "asked back"]),
    )
    def buy(self, tenant, buyer, wanted, how):
        """A whole purchase in one step, so that there is much to pay for and to cancel."""
        cart = self.open_cart(tenant, buyer)
        own = [p for p in self.all_products.values() if p.tenant == cart.tenant]
        for which, quantity in wanted:
            self.put(cart, own[which], quantity)
        made = self.check_out(cart, how == "cash")
        if how in ("paid", "asked back") and isinstance(made, Checkout):
            self.capture(made)
            if how == "asked back":
                self.ask_back(made, made.orders[0], 1)
        return made

    @rule(target=checkouts, cart=carts, cash=st.booleans())
    def check_out(self, cart, cash):
        self.seen["checked out"] += 1
        body = {"payments": [{"method": "cod" if cash else "card"}]}
        done = self.sent(cart.tenant, "buyer", cart.buyer, f"/carts/{cart.id}/check-out", body)
        if (why := self.refusal(cart)) is not None:
            assert done.json()["code"] in why, (why, done.text)
            self.seen[done.json()["code"]] += 1
            return multiple()
        assert done.status_code == 201, done.text
        return self.placed(cart, cash, done.json())

    def refusal(self, cart):
        """The codes that a checkout may be refused with; None: it goes through."""
        if cart.closed:
            return ("carts.closed",)
        if not cart.lines:
            return ("carts.empty",)
        of = self.all_products
        rose = any(of[id].price > held for id, (_, held) in cart.lines.items())
        short = any(of[id].available < wanted for id, (wanted, _) in cart.lines.items())
        codes = ["carts.price_rose"] * rose + ["inventory.insufficient"] * short
        return tuple(codes) or None

    def placed(self, cart, cash, receipt):
        cart.closed = True
        checkout = Checkout(cart.tenant, cart.buyer, receipt["id"], cash)
        by_seller = {}
        for id, (quantity, _) in cart.lines.items():
            by_seller.setdefault(self.all_products[id].seller, {})[id] = quantity
            self.all_products[id].available -= quantity
        assert {o["seller"] for o in receipt["orders"]} == set(by_seller)
        for order in receipt["orders"]:
            lines = by_seller[order["seller"]]
            total = sum(self.all_products[id].price * q for id, q in lines.items())
            assert order["total"] == amount(total)
            checkout.orders.append(Order(checkout, order["id"], order["seller"], lines, total))
        self.all_checkouts.append(checkout)
        return checkout

    @rule(target=checkouts, product=products, buyer=st.sampled_from(["bela", "bilal"]))
    def hesitate(self, product, buyer):
        """The price rises while the product waits in the cart."""
        cart = self.open_cart(self.tenants.index(product.tenant), buyer)
        self.put(cart, product, 1)
        self.reprice(product, product.price + 1)
        return self.check_out(cart, cash=True)

    @rule(checkout=checkouts, which=st.integers(0, 1), steps=st.integers(2, 4))
    def advance(self, checkout, which, steps):
        for step in ("confirm", "start-processing", "ship", "deliver")[:steps]:
            self.run_order(checkout, which, step)

    @rule(checkout=checkouts, which=st.integers(0, 1), step=st.sampled_from(sorted(STEPS)))
    def run_order(self, checkout, which, step):
        order = checkout.orders[which % len(checkout.orders)]
        path, (before, then) = f"/orders/{order.id}/{step}", STEPS[step]
        done = self.sent(checkout.tenant, "seller", order.seller, path, BODIES.get(step))
        if order.status == before:
            assert done.status_code == 200, done.text
            order.status = then
            self.seen[then] += 1
        elif order.status != then:
            assert done.json()["code"] == "orders.illegal_transition", done.text

    @rule(checkout=checkouts, which=st.integers(0, 1))
    def cancel_order(self, checkout, which):
        order = checkout.orders[which % len(checkout.orders)]
        path, body = f"/orders/{order.id}/cancel", {"reason": "changed_mind"}
        done = self.sent(checkout.tenant, "buyer", checkout.buyer, path, body)
        if order.status in CANCELLABLE:
            assert done.status_code == 200, done.text
            order.status = "cancelled"
            self.seen["cancelled, paid" if checkout.captured else "cancelled"] += 1
            for id, quantity in order.lines.items():
                self.all_products[id].available += quantity
            self.settled()  # what it frees is back for the next one
        elif order.status != "cancelled":
            assert done.status_code == 422, done.text

    @rule(
        checkout=checkouts,
        which=st.integers(0, 1),
        then=st.sampled_from(["", "cancel", "ask back"]),
        quarters=st.integers(0, 5),
    )
    def pay_by_card(self, checkout, which, then, quarters):
        """And think better of it, or get some of it back."""
        if not checkout.cash and not checkout.captured:
            self.capture(checkout)
        if then == "cancel":
            self.cancel_order(checkout, which)
        elif then == "ask back":
            self.ask_back(checkout, checkout.orders[which % len(checkout.orders)], quarters)

    def capture(self, checkout):
        path = f"/payments/{checkout.id}"
        ledger = self.read(checkout.tenant, "buyer", checkout.buyer, path).json()
        (payment,) = ledger["payments"]
        path = f"{path}/{payment['id']}/capture"
        done = self.sent(checkout.tenant, "admin", "root", path, {})
        assert done.status_code == 200, done.text
        checkout.captured = sum(order.total for order in checkout.orders)
        self.seen["paid"] += 1
        self.settled()

    def ask_back(self, checkout, order, quarters):
        minor = order.total * quarters // 4
        path = f"/payments/{checkout.id}/refunds"
        body = {"order": order.id, "amount": amount(minor), "reason": "faulty"}
        asked = self.sent(checkout.tenant, "admin", "root", path, body)
        fits = 0 < minor <= order.total - order.back
        if checkout.captured and order.status != "cancelled" and fits:
            assert asked.status_code == 201, asked.text
            order.back += minor
            self.seen["asked back"] += 1
        else:
            assert asked.status_code == 422, asked.text

    @rule(checkout=checkouts)
    def strangers_find_nothing(self, checkout):
        (other,) = [tenant for tenant in self.tenants if tenant != checkout.tenant]
        for order in checkout.orders:
            path = f"/orders/{order.id}"
            assert self.read(other, "admin", "root", path).status_code == 404
            refused = self.sent(other, "admin", "root", f"{path}/confirm")
            assert refused.status_code == 404
            neighbour = "bela" if checkout.buyer == "bilal" else "bilal"
            assert self.read(checkout.tenant, "buyer", neighbour, path).status_code == 404

    def teardown(self):
        """Everything that can be read is as the model says."""
        self.settled()
        for product in self.all_products.values():
            path = f"/catalog/products/{product.id}"
            shown = self.read(product.tenant, "buyer", "bela", path).json()
            assert (shown["available"], shown["price"]) == (
                product.available,
                amount(product.price),
            )
        for checkout in self.all_checkouts:
            self.check(checkout)

    def check(self, checkout):
        who = (checkout.tenant, "buyer", checkout.buyer)
        for order in checkout.orders:
            shown = self.read(*who, f"/orders/{order.id}").json()
            assert (shown["status"], shown["total"]) == (order.status, amount(order.total))
        ledger = self.read(*who, f"/payments/{checkout.id}").json()
        assert ledger["due"] == amount(checkout.due)
        assert ledger["captured"] == amount(checkout.captured)
        if checkout.captured:
            refunds = [refund["amount"] for refund in ledger["refunds"]]
            back = sum(round(float(refund["amount"]) * 100) for refund in refunds)
            assert checkout.captured - back == checkout.due


def test_whatever_they_do_the_market_is_as_the_model_says(stack, new_database):
    with asyncio.Runner() as loop:
        started = running_api(stack, new_database())
        api = loop.run(started.__aenter__())
        stop = asyncio.Event()
        runner = PolicyRunner(api.souk.settings.postgres_url, api.souk.log, tick=0.2)
        policies = loop.get_loop().create_task(runner.run(stop))
        Market.souk, Market.loop = api, loop
        try:
            run_state_machine_as_test(
                Market,
                settings=settings(
                    max_examples=12,
                    stateful_step_count=30,
                    derandomize=True,
                    phases=(Phase.generate, Phase.shrink) if SHRINK else (Phase.generate,),
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            stop.set()
            loop.run(asyncio.wait_for(policies, PATIENCE))
            loop.run(started.__aexit__(None, None, None))
    rare = (
        "cancelled",
        "paid",
        "asked back",
        "inventory.insufficient",
        "carts.price_rose",
        "shipped",
    )
    assert all(Market.seen[what] for what in rare), Market.seen
