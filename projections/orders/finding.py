"""What a list of orders is narrowed to."""

from datetime import date, datetime
from typing import Any

from projections.kernel import Document, given


class Filter(Document):
    """What a list of orders is narrowed to; None: no such filter. Times and days are half-open."""

    buyer: str | None = None
    seller: str | None = None
    status: str | None = None
    channel: str | None = None
    archived: bool | None = None
    customer_phone: str | None = None  # its keyed hash
    buyers: list[str] | None = None
    number: int | None = None
    placed_from: datetime | None = None
    placed_before: datetime | None = None
    expected_from: date | None = None
    expected_before: date | None = None


CONDITIONS = {
    "buyer": "buyer = %s",
    "seller": "seller = %s",
    "status": "status = %s",
    "channel": "channel = %s",
    "archived": "archived = %s",
    "customer_phone": "customer_phone = %s",
    "buyers": "buyer = any(%s)",
    "number": "number = %s",
    "placed_from": "placed_at >= %s",
    "placed_before": "placed_at < %s",
    "expected_from": "expected_delivery >= %s",
    "expected_before": "expected_delivery < %s",
}


def condition(wanted: Filter) -> tuple[str, tuple[Any, ...]]:
    return given(*((told, getattr(wanted, name)) for name, told in CONDITIONS.items()))
