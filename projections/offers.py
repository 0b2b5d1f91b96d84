"""Offers: one row for each, as its seller and those that it is for see it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from domain.catalog import ProductRestored, ProductRetired
from domain.identity import SellerAppointed, SellerDismissed
from domain.kernel import Recorded, Value, but
from domain.money import MAX_MINOR, Money, Price
from domain.offers import (
    OfferClosed,
    OfferExpired,
    OfferOrdered,
    OfferPublished,
    OfferRevised,
    Terms,
    sells_to,
)
from projections.kernel import Column, Document, Found, Page, Reader, Table, given, one, own, page

VERSION = 5


class Break(Document):
    """What each costs from that quantity on."""

    quantity: int
    unit_price: Price


class Offer(Document):
    """``target``: the tier that it is for; ``minimum``: what an order must come to; ``orders`` and
    ``ordered``: how many orders came of it, and of how many pieces. ``on_sale``: its product is;
    ``seller_sells``: so does its seller, by now, to that tier. What lacks either cannot be taken
    and is off the board for as long."""

    id: str
    version: int
    number: int
    seller: str
    tier: str
    target: str
    product: str
    product_name: str
    title: str
    description: str
    breaks: list[Break]
    minimum: Price | None
    categories: list[str]
    valid_until: datetime
    status: str
    published_at: datetime
    orders: int = 0
    ordered: int = 0
    on_sale: bool = True
    seller_sells: bool = True

    @property
    def stands(self) -> bool:
        """But for its time."""
        return self.status == "active" and self.on_sale and self.seller_sells


def evolve(offer: Offer | None, recorded: Recorded, id: str) -> Offer | None:
    event = recorded.event
    if isinstance(event, OfferPublished):
        return _published(event, recorded)
    if offer is None:
        return None
    match event:  # of its product or its seller: the offer itself has not changed
        case ProductRetired():
            return but(offer, on_sale=False)
        case ProductRestored():
            return but(offer, on_sale=True)
        case SellerAppointed(tier=tier):
            return but(offer, seller_sells=sells_to(tier, offer.target))
        case SellerDismissed():
            return but(offer, seller_sells=False)
    return _changed(but(offer, version=recorded.version), event)


def _published(event: OfferPublished, recorded: Recorded) -> Offer:
    return Offer(
        id=recorded.id,
        version=recorded.version,
        number=event.number,
        seller=event.seller,
        tier=event.tier,
        target=event.target,
        product=event.product,
        product_name=event.product_name,
        status="active",
        published_at=recorded.occurred_at,
        **_terms(event.terms),
    )


def _changed(offer: Offer, event: object) -> Offer:
    match event:
        case OfferRevised(terms=terms):
            return but(offer, **_terms(terms))
        case OfferClosed():
            return but(offer, status="closed")
        case OfferExpired():
            return but(offer, status="expired")
        case OfferOrdered(quantity=quantity):
            return but(offer, orders=offer.orders + 1, ordered=offer.ordered + quantity)
    return offer


def _terms(terms: Terms) -> dict[str, Any]:
    return {
        "title": terms.title,
        "description": terms.description,
        "breaks": [Break(each.quantity, Price.of(each.unit_price)) for each in terms.breaks],
        "minimum": Price.of(terms.minimum) if terms.minimum else None,
        "categories": list(terms.categories),
        "valid_until": terms.valid_until,
    }


def _due(offer: Offer) -> datetime | None:
    """In UTC: Postgres takes none that is 16 hours off, as events of before may have."""
    return offer.valid_until.astimezone(UTC) if offer.status == "active" else None


OFFERS = Table(
    name="offers_offers",
    document=Offer,
    on=dict.fromkeys((OfferPublished, OfferRevised, OfferClosed, OfferExpired, OfferOrdered), own),
    related={
        ProductRetired: lambda r: ("product = %s", (r.id,)),
        ProductRestored: lambda r: ("product = %s", (r.id,)),
        SellerAppointed: lambda r: ("seller = %s", (r.id,)),
        SellerDismissed: lambda r: ("seller = %s", (r.id,)),
    },
    evolve=evolve,
    columns={
        "seller": Column("text", lambda o: o.seller),
        "target": Column("text", lambda o: o.target),
        "number": Column("bigint", lambda o: o.number),
        "product": Column("text", lambda o: o.product),
        "status": Column("text", lambda o: o.status),
        "stands": Column("boolean", lambda o: o.stands),
        "due": Column("timestamptz", _due),
        "categories": Column("text[]", lambda o: o.categories),
        "leasts": Column("bigint[]", lambda o: [each.quantity for each in o.breaks]),
        "currency": Column("text", lambda o: o.breaks[0].unit_price.currency),
        "minimum": Column("bigint", lambda o: o.minimum.money.minor if o.minimum else 0),
        "prices": Column("bigint[]", lambda o: [each.unit_price.money.minor for each in o.breaks]),
    },
    indexes=("seller, number", "target, stands, number", "number", "due", "product"),
    topic=lambda id, offer: f"offers.{id}.{offer.seller}.{offer.target}",
)
TABLES = (OFFERS,)


class Filter(Document):
    """What the board is narrowed to. ``targets``: the tiers that see it; None: all. ``quantity``:
    only what can be bought in it, the cheapest then first."""

    targets: list[str] | None = None
    seller: str | None = None
    category: str | None = None
    product: str | None = None
    quantity: int | None = None


async def offer(db: Reader, id: str) -> Found | None:
    return await one(db, OFFERS.name, id)


STANDS = "stands AND due > now()"


async def board(db: Reader, wanted: Filter, number: int, limit: int) -> Page:
    """What stands, the newest first; at a quantity, the cheapest first."""
    where, params = given(
        ("target = ANY(%s)", wanted.targets),
        ("seller = %s", wanted.seller),
        ("product = %s", wanted.product),
        ("categories @> ARRAY[%s]", wanted.category),
    )
    where, order = f"{STANDS} AND {where}", "number DESC"
    if wanted.quantity is not None:
        quantity = int(wanted.quantity)
        price = f"prices[width_bucket({quantity}::bigint, leasts)]"  # of the last break up to it
        total = f"{price}::numeric * {quantity}"
        where = f"{where} AND leasts[1] <= {quantity} AND {total} BETWEEN minimum AND {MAX_MINOR}"
        order = f"{price}, number"
    return await page(db, OFFERS.name, where, params, order, number, limit)


async def mine(db: Reader, seller: str | None, status: str | None, number: int, limit: int) -> Page:
    """A seller's, or everyone's, whatever became of them; the newest first."""
    asked = given(("seller = %s", seller), ("status = %s", status))
    return await page(db, OFFERS.name, *asked, "number DESC", number, limit)


class Tier(Value):
    """An offer's price from a quantity on, in minor units."""

    offer: str
    product: str
    quantity: int
    price: int


BELOW = f"""
SELECT o.id, o.product, t.least, t.price, count(*) OVER ()
FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS floors (product, price, currency)
JOIN read.{OFFERS.name} AS o
  ON o.tenant = %s AND o.product = floors.product AND o.currency = floors.currency
CROSS JOIN LATERAL unnest(o.leasts, o.prices) AS t (least, price)
WHERE o.stands AND o.due > now() AND t.price < floors.price
ORDER BY o.number, t.least LIMIT %s
"""


async def below(db: Reader, floors: Mapping[str, Money], limit: int) -> tuple[list[Tier], int]:
    """Of the offers that stand, the prices under those of ``floors`` (by product) in the same
    currency, the oldest offer first; and how many there are."""
    prices = [floor.minor for floor in floors.values()]
    currencies = [floor.currency for floor in floors.values()]
    params = list(floors), prices, currencies, db.tenant, limit
    rows = await db.rows(BELOW, params)
    return [Tier(*row[:-1]) for row in rows], rows[0][-1] if rows else 0


def is_over(document: bytes) -> bool:
    return not _OFFER.decode(document).stands


def opened(found: Found) -> Offer:
    return _OFFER.decode(found.body)


_OFFER = msgspec.json.Decoder(Offer)
