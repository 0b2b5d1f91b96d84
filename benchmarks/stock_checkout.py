"""A checkout of three lines by the stock library: the same aggregates, saved together."""

import itertools
import random
from contextlib import suppress
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import IntegrityError

from benchmarks import stock
from benchmarks.loops import Exhausted, closed_threads
from benchmarks.work import Figures, Site

SELLERS, PRODUCTS, CARTS = 50, 1_000, 3_000
PRICE = 1_999


class Member(Aggregate):
    """A seller; ``number`` makes the id."""

    @event("Appointed")
    def __init__(self, number: int, shop: str) -> None:
        self.shop, self.sells = shop, True

    @staticmethod
    def create_id(number: int, shop: str) -> UUID:
        return id_of("seller", number)


class Product(Aggregate):
    @event("Created")
    def __init__(self, number: int, seller: int, name: str, price: int) -> None:
        self.seller, self.name, self.price, self.retired = seller, name, price, False

    @staticmethod
    def create_id(number: int, seller: int, name: str, price: int) -> UUID:
        return id_of("product", number)


class Stock(Aggregate):
    @event("Received")
    def __init__(self, number: int, quantity: int) -> None:
        self.available = quantity
        self.reserved: dict[str, int] = {}

    @staticmethod
    def create_id(number: int, quantity: int) -> UUID:
        return id_of("stock", number)

    @event("Reserved")
    def reserve(self, order: str, quantity: int) -> None:
        if quantity > self.available:
            raise ValueError("insufficient")
        self.available -= quantity
        self.reserved[order] = quantity


class Cart(Aggregate):
    @event("Opened")
    def __init__(self, number: int, owner: str) -> None:
        self.owner, self.closed = owner, False
        self.lines: dict[int, int] = {}

    @staticmethod
    def create_id(number: int, owner: str) -> UUID:
        return id_of("cart", number)

    @event("ItemAdded")
    def add(self, product: int, seller: int, name: str, price: int, quantity: int) -> None:
        self.lines[product] = quantity

    @event("CheckedOut")
    def check_out(self, checkout: str) -> None:
        self.closed = True


class Order(Aggregate):
    @event("Placed")
    def __init__(
        self, checkout: str, buyer: str, seller: int, lines: list[dict[str, Any]], total: Decimal
    ) -> None:
        self.status = "pending"


class Checkout(Aggregate):
    @event("Placed")
    def __init__(self, cart: str, buyer: str, orders: list[str], total: Decimal) -> None:
        self.orders = orders


class Payments(Aggregate):
    @event("Opened")
    def __init__(self, checkout: str, buyer: str, total: Decimal) -> None:
        self.total = total

    @event("Intended")
    def intend(self, payment: str, method: str, amount: Decimal) -> None:
        self.method = method


class Shop(Application[UUID]):
    def check_out(self, number: int) -> None:
        cart: Cart = self.repository.get(id_of("cart", number))
        items: dict[int, Product] = {
            p: self.repository.get(id_of("product", p)) for p in cart.lines
        }
        stocks: dict[int, Stock] = {p: self.repository.get(id_of("stock", p)) for p in cart.lines}
        sellers = {item.seller for item in items.values()}
        for seller in sellers:
            self.repository.get(id_of("seller", seller))
        checkout, orders = str(uuid4()), list[Order]()
        for seller in sellers:
            mine = [p for p in cart.lines if items[p].seller == seller]
            lines = [_line(p, items[p], cart.lines[p]) for p in mine]
            total = sum((line["subtotal"] for line in lines), Decimal(0))
            order = Order(checkout, cart.owner, seller, lines, total)
            for product in mine:
                stocks[product].reserve(str(order.id), cart.lines[product])
            orders.append(order)
        due = Decimal(PRICE * 3) / 100
        payments = Payments(checkout, cart.owner, due)
        payments.intend(str(uuid4()), "card", due)
        placed = Checkout(str(cart.id), cart.owner, [str(order.id) for order in orders], due)
        cart.check_out(checkout)
        self.save(cart, placed, *orders, payments, *stocks.values())


def _line(id: int, product: Product, quantity: int) -> dict[str, Any]:
    price = Decimal(product.price) / 100
    return {
        "product": str(id_of("product", id)),
        "name": product.name,
        "unit_price": price,
        "quantity": quantity,
        "subtotal": price * quantity,
    }


def id_of(kind: str, number: int) -> UUID:
    return uuid5(NAMESPACE_URL, f"{kind}/{number}")


def chosen(number: int, products: int) -> tuple[int, int, int]:
    """Three products of two sellers, spread evenly: a product is its seller's by remainder."""
    pick = random.Random(number)  # noqa: S311
    first = pick.randrange(products)
    other = (first + 1) % products
    return first, (first + SELLERS * pick.randrange(1, products // SELLERS)) % products, other


def fill(site: Site) -> None:
    with stock.application(site, Shop) as shop:
        shop.save(*(Member(n, f"Shop {n}") for n in range(SELLERS)))
        for chunk in _chunks(site.some(PRODUCTS)):
            shop.save(*(Product(n, n % SELLERS, f"Ceramic set {n}", PRICE) for n in chunk))
            shop.save(*(Stock(n, 1_000_000) for n in chunk))
        for chunk in _chunks(site.some(CARTS)):
            shop.save(*(_cart(n, site.some(PRODUCTS)) for n in chunk))


def _chunks(number: int) -> list[range]:
    return [range(start, min(start + 40, number)) for start in range(0, number, 40)]


def _cart(number: int, products: int) -> Cart:
    cart = Cart(number, f"buyer-{number % 500}")
    for product in chosen(number, products):
        cart.add(product, product % SELLERS, f"Ceramic set {product}", PRICE, 1)
    return cart


def measure(site: Site) -> Figures:
    with stock.application(site, Shop) as shop:
        carts = itertools.count()

        def one() -> None:
            number = next(carts)
            if number >= site.some(CARTS):
                raise Exhausted
            for _ in range(10):  # another thread may have had a product's stock meanwhile
                with suppress(IntegrityError):
                    return shop.check_out(number)
            raise RuntimeError("ten conflicts in a row")

        return closed_threads(stock.THREADS, site.seconds, lambda _: one)
