"""Orders and their projection into JSON bodies, by the stock library."""

import json
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.projection import Projection

from benchmarks import stock, stock_views
from benchmarks.work import Site

ORDERS = 3_000


class Order(Aggregate):
    @event("Placed")
    def __init__(self, body: dict[str, Any], buyer: str, seller: str) -> None:
        self.body, self.buyer, self.seller, self.status = body, buyer, seller, "pending"

    @event("Stepped")
    def step(self, status: str, tracking: str | None) -> None:
        self.status = status


class Shop(Application[UUID]):
    pass


class View(stock_views.View):
    TABLE = (
        "CREATE TABLE IF NOT EXISTS orders (id uuid PRIMARY KEY, body jsonb, buyer text,"
        " seller text, status text, placed_at timestamptz)"
    )


PLACED = "INSERT INTO orders VALUES (%s, %s, %s, %s, 'pending', %s) ON CONFLICT DO NOTHING"
STEPPED = "UPDATE orders SET body = body || %s, status = %s WHERE id = %s"


class Projected(Projection[View]):
    name = "orders"

    @singledispatchmethod
    def process_event(self, domain_event: object, tracking: Tracking) -> None:
        raise NotImplementedError(type(domain_event))

    @process_event.register
    def placed(self, domain_event: Order.Placed, tracking: Tracking) -> None:  # type: ignore[name-defined]
        e = domain_event
        body = json.dumps(e.body | {"id": str(e.originator_id), "placed_at": str(e.timestamp)})
        self.view.write(PLACED, (e.originator_id, body, e.buyer, e.seller, e.timestamp), tracking)

    @process_event.register
    def stepped(self, domain_event: Order.Stepped, tracking: Tracking) -> None:  # type: ignore[name-defined]
        """One statement, without reading the row first."""
        e = domain_event
        news = {"status": e.status, f"{e.status}_at": str(e.timestamp), "tracking": e.tracking}
        body = json.dumps(news | {"version": e.originator_version})
        self.view.write(STEPPED, (body, e.status, e.originator_id), tracking)


def fill(site: Site) -> None:
    with stock.application(site, Shop) as shop:
        for number in range(0, site.some(ORDERS), 20):
            shop.save(*(whole(number + n) for n in range(20)))


def whole(number: int) -> Order:
    """Six events, as large as Souk's."""
    placed = Order(body(number), f"buyer-{number % 500}", f"seller-{number % 50}")
    for status in ("confirmed", "processing", "shipped", "delivered", "completed"):
        placed.step(status, "RA123456785DZ" if status == "shipped" else None)
    return placed


def body(number: int) -> dict[str, Any]:
    lines = [
        {
            "product": str(uuid4()),
            "sku": f"SKU-{n}",
            "name": f"Ceramic set {n}",
            "unit_price": {"amount": "19.99", "currency": "DZD"},
            "quantity": 1 + n,
            "subtotal": {"amount": "39.98", "currency": "DZD"},
        }
        for n in range(3)
    ]
    sealed = {"name": "x" * 60, "phone": "x" * 60, "email": "x" * 60, "address": "x" * 60}
    whole = {"amount": "119.94", "currency": "DZD"}
    return {
        "number": number,
        "status": "pending",
        "checkout": str(uuid4()),
        "seller_name": "Atelier",
        "channel": "web",
        "lines": lines,
        "subtotal": whole,
        "shipping": whole,
        "total": whole,
        "cash": True,
        "region": "16",
        "personal": sealed,
    }
