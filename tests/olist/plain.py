"""The report's figures straight from the CSV files: csv and integers, nothing of Souk.

python tests/olist/plain.py DIRECTORY [TIME]

TIME, as the files write them: the figures as they stood then.
"""

import csv
import gzip
import io
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

PUBLISHED = {
    "orders": "olist_orders_dataset",
    "order_items": "olist_order_items_dataset",
    "payments": "olist_order_payments_dataset",
}


def table(directory, name):
    names = [f"{stem}{end}" for stem in (name, PUBLISHED[name]) for end in (".csv", ".csv.gz")]
    path = next(path for path in (Path(directory) / name for name in names) if path.exists())
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def cents(text):
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def status(row, until):
    """Where an order stood: each step happens no earlier than the one before it, and then, if it
    has no date."""
    approved = row["order_approved_at"]
    carried, delivered = row["order_delivered_carrier_date"], row["order_delivered_customer_date"]
    steps = {
        "created": [],
        "approved": [("confirmed", approved)],
        "invoiced": [("processing", approved)],
        "processing": [("processing", approved)],
        "shipped": [("processing", approved), ("shipped", carried)],
        "delivered": [("processing", approved), ("shipped", carried), ("delivered", delivered)],
    }
    cancelled = max(approved, carried, delivered)
    otherwise = [("confirmed", approved)] * bool(approved) + [("cancelled", cancelled)]
    stood, at = "pending", row["order_purchase_timestamp"]
    for step, date in steps.get(row["order_status"], otherwise):
        at = max(at, date)
        if at <= until:
            stood = step
    return stood


def report(directory, until="9999"):
    items = defaultdict(list)
    for row in table(directory, "order_items"):
        items[row["order_id"]].append(row)
    orders = [
        row
        for row in table(directory, "orders")
        if row["order_id"] in items and row["order_purchase_timestamp"] <= until
    ]
    known = {row["order_id"] for row in orders}
    sold = [row for order in known for row in items[order]]
    payments = [row for row in table(directory, "payments") if row["order_id"] in known]
    days = Counter(row["order_purchase_timestamp"][:10] for row in orders)
    busiest = min(days, key=lambda day: (-days[day], day), default=None)
    price = sum(cents(row["price"]) for row in sold)
    freight = sum(cents(row["freight_value"]) for row in sold)
    return {
        "currency": "BRL" if orders else None,
        "checkouts": len(orders),
        "checkouts_per_currency": {"BRL": len(orders)} if orders else {},
        "items": len(sold),
        "distinct_sellers": len({row["seller_id"] for row in sold}),
        "distinct_products": len({row["product_id"] for row in sold}),
        "checkouts_with_2plus_sellers": sum(
            len({row["seller_id"] for row in items[order]}) > 1 for order in known
        ),
        "checkouts_per_status": dict(Counter(status(row, until) for row in orders)),
        "checkouts_per_month": dict(Counter(row["order_purchase_timestamp"][:7] for row in orders)),
        "payments_by_type": by_type(payments),
        "payments_total_cents": sum(cents(row["payment_value"]) for row in payments),
        "price_total_cents": price,
        "freight_total_cents": freight,
        "revenue_cents": price + freight,
        "top_sellers": top_sellers(sold),
        "busiest_day": busiest and {"date": busiest, "checkouts": days[busiest]},
    }


def by_type(payments):
    found = {}
    for row in payments:
        of_type = found.setdefault(row["payment_type"], {"rows": 0, "value_cents": 0})
        of_type["rows"] += 1
        of_type["value_cents"] += cents(row["payment_value"])
    return found


def top_sellers(sold):
    revenue, checkouts, items = Counter(), defaultdict(set), Counter()
    for row in sold:
        seller = row["seller_id"]
        revenue[seller] += cents(row["price"]) + cents(row["freight_value"])
        checkouts[seller].add(row["order_id"])
        items[seller] += 1
    return [
        {
            "seller": seller,
            "revenue_cents": revenue[seller],
            "checkouts": len(checkouts[seller]),
            "items": items[seller],
        }
        for seller in sorted(revenue, key=lambda seller: (-revenue[seller], seller))[:5]
    ]


if __name__ == "__main__":
    print(json.dumps(report(*sys.argv[1:3]), indent=1, sort_keys=True))
