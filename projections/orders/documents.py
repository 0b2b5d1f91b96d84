"""Orders as they are shown."""

from datetime import date, datetime

from msgspec import UNSET, UnsetType

from domain.kernel import Personal, Value
from domain.money import Price
from projections.kernel import Document


class OrderLine(Document):
    """``reel``: that the buyer found it by; ``offer``: that it was sold from."""

    product: str
    sku: str | None
    name: str
    unit_price: Price
    quantity: int
    subtotal: Price
    reel: str | None = None
    offer: str | None = None


class People(Value):
    """What is said of a person, or by one."""

    name: Personal | None = None
    phone: Personal | None = None
    email: Personal | None = None
    address: Personal | None = None
    note: Personal | None = None
    cancel_note: Personal | None = None


class Order(Document, kw_only=True):
    """``<step>_at`` is null until that step is taken. ``archived``: it is on its seller's and the
    tenant's lists only if these are asked for what is archived."""

    id: str
    version: int
    number: int
    status: str
    checkout: str
    buyer: str
    seller: str
    seller_name: str
    channel: str
    lines: list[OrderLine]
    subtotal: Price
    shipping: Price
    total: Price
    cash: bool
    archived: bool = False
    region: str
    tracking: str | None = None
    expected_delivery: date | None = None
    reason: str | None = None  # why it was cancelled or returned
    placed_at: datetime
    confirmed_at: datetime | None = None
    processing_at: datetime | None = None
    ready_at: datetime | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    returned_at: datetime | None = None
    personal: People | UnsetType = UNSET
