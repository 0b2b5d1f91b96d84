"""The rows that the import needs, typed and matched to each other."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from entrypoints.olist.cells import cents, count, id_of, time, time_if_any, word
from entrypoints.olist.tables import Damaged, Line, Report, Unreadable, lines

STATUSES = (
    "created",
    "approved",
    "invoiced",
    "processing",
    "shipped",
    "delivered",
    "canceled",
    "unavailable",
)
T = TypeVar("T")


class Item(Struct, frozen=True):
    number: int
    product: str
    seller: str
    price: int  # centavos
    freight: int  # centavos


class Payment(Struct, frozen=True):
    sequential: int
    method: str
    value: int  # centavos


class Order(Struct):
    """An Olist order with its items and payments, each in their own order."""

    id: str
    buyer: str
    region: str
    status: str
    purchased: datetime
    approved: datetime | None
    carried: datetime | None
    delivered: datetime | None
    expected: datetime | None
    items: list[Item] = []
    payments: list[Payment] = []


class Records(Struct):
    """A directory as read. ``categories``: by product; ``shops``: by seller."""

    orders: dict[str, Order]
    categories: dict[str, str]
    shops: dict[str, str]


def read(directory: Path, report: Report) -> Records:
    """Everything that can be used; ``report`` hears of the rest. Raises Unreadable."""
    customers = _customers(directory, report)
    orders = _orders(directory, customers, report)
    records = Records(orders, _categories(directory, report), _shops(directory, report))
    _items(directory, records, report)
    _payments(directory, records, report)
    for order in orders.values():
        order.items.sort(key=lambda item: item.number)
        order.payments.sort(key=lambda payment: payment.sequential)
    return records


def _parsed(
    directory: Path,
    table: str,
    columns: tuple[str, ...],
    report: Report,
    parse: Callable[..., T],
) -> Iterator[tuple[Line, T]]:
    """``parse`` gets the row's cells in the order of ``columns``."""
    for line in lines(directory, table, columns, report):
        try:
            yield line, parse(*(line.cells[column] for column in columns))
        except Damaged as damage:
            report(line.problem(str(damage)))


def _customers(directory: Path, report: Report) -> dict[str, tuple[str, str]]:
    """The person and the state by customer id, which is another one for each order."""
    columns = ("customer_id", "customer_unique_id", "customer_state")

    def parse(id: str, person: str, state: str) -> tuple[str, str, str]:
        return id_of(id, columns[0]), id_of(person, columns[1]), state

    return {
        id: (person, state)
        for _, (id, person, state) in _optional(directory, "customers", columns, report, parse)
    }


def _optional(
    directory: Path,
    table: str,
    columns: tuple[str, ...],
    report: Report,
    parse: Callable[..., T],
) -> Iterator[tuple[Line, T]]:
    """A table that only describes: without it names are plainer, and the figures the same."""
    try:
        yield from _parsed(directory, table, columns, report, parse)
    except Unreadable as missing:
        report(Line(table, 1, {}).problem(str(missing), skipped=False))


def _orders(
    directory: Path, customers: dict[str, tuple[str, str]], report: Report
) -> dict[str, Order]:
    columns = (
        "order_id",
        "customer_id",
        "order_status",
        "order_purchase_timestamp",
        "order_approved_at",
        "order_delivered_carrier_date",
        "order_delivered_customer_date",
        "order_estimated_delivery_date",
    )

    def parse(id: str, customer: str, status: str, purchased: str, *dates: str) -> Order:
        if status not in STATUSES:
            raise Damaged(f"order_status is none of Olist's: {status[:64]!r}")
        buyer, state = customers.get(customer, (id_of(customer, "customer_id"), ""))
        bought = time(purchased, columns[3])
        approved, carried, delivered, expected = (
            time_if_any(*date) for date in zip(dates, columns[4:], strict=True)
        )
        return Order(
            id_of(id, "order_id"),
            buyer,
            state,
            status,
            bought,
            approved,
            carried,
            delivered,
            expected,
        )

    orders: dict[str, Order] = {}
    for line, order in _parsed(directory, "orders", columns, report, parse):
        if order.id in orders:
            report(line.problem(f"order {order.id} again"))
            continue
        orders[order.id] = order
        if line.cells["customer_id"] not in customers:
            report(line.problem("customer_id is not in customers; kept", skipped=False))
    return orders


def _categories(directory: Path, report: Report) -> dict[str, str]:
    """English where it is translated, else as published; empty for a product without one."""
    columns = ("product_category_name", "product_category_name_english")
    found = _optional(directory, "category_translation", columns, report, lambda *row: row)
    english = {original: translated for _, (original, translated) in found if translated}

    def parse(id: str, category: str) -> tuple[str, str]:
        return id_of(id, "product_id"), english.get(category, category)

    named = ("product_id", "product_category_name")
    return {
        id: category for _, (id, category) in _optional(directory, "products", named, report, parse)
    }


def _shops(directory: Path, report: Report) -> dict[str, str]:
    columns = ("seller_id", "seller_city")

    def parse(id: str, city: str) -> tuple[str, str]:
        return id_of(id, "seller_id"), city.strip()

    return {id: city for _, (id, city) in _optional(directory, "sellers", columns, report, parse)}


def _items(directory: Path, records: Records, report: Report) -> None:
    columns = ("order_id", "order_item_id", "product_id", "seller_id", "price", "freight_value")

    def parse(
        order: str, number: str, product: str, seller: str, price: str, freight: str
    ) -> tuple[Order, Item]:
        item = Item(
            count(number, "order_item_id"),
            id_of(product, "product_id"),
            id_of(seller, "seller_id"),
            cents(price, "price"),
            cents(freight, "freight_value"),
        )
        return _fitting(_order(records, order), item), item

    known = {"product_id": set(records.categories), "seller_id": set(records.shops)}
    for line, (order, item) in _parsed(directory, "order_items", columns, report, parse):
        order.items.append(item)
        for column, table in (("product_id", "products"), ("seller_id", "sellers")):
            if (id := line.cells[column]) not in known[column]:
                known[column].add(id)  # told once
                report(line.problem(f"{column} {id} is not in {table}; kept", skipped=False))


def _fitting(order: Order, item: Item) -> Order:
    for other in order.items:
        if other.number == item.number:
            raise Damaged(f"item {item.number} of order {order.id} again")
        same = (other.product, other.seller) == (item.product, item.seller)
        if same and other.price != item.price:
            raise Damaged(f"order {order.id} has the same product at another price")
    return order


def _payments(directory: Path, records: Records, report: Report) -> None:
    columns = ("order_id", "payment_sequential", "payment_type", "payment_value")

    def parse(order: str, number: str, method: str, value: str) -> tuple[Order, Payment]:
        sequential = count(number, "payment_sequential")
        known = _order(records, order)
        payment = Payment(sequential, word(method, columns[2]), cents(value, columns[3]))
        if payment in known.payments:
            raise Damaged(f"payment {sequential} of order {order} again")
        return known, payment

    for line, (order, payment) in _parsed(directory, "payments", columns, report, parse):
        if any(other.sequential == payment.sequential for other in order.payments):
            what = f"another payment {payment.sequential} of order {order.id}; kept"
            report(line.problem(what, skipped=False))
        order.payments.append(payment)


def _order(records: Records, id: str) -> Order:
    if (order := records.orders.get(id)) is None:
        raise Damaged(f"order_id is not in orders: {id[:64]!r}")
    return order
