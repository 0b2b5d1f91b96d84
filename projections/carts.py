"""Carts: one row per cart, with what each line costs now beside the price held for the buyer, and
how many it is sold from now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.carts import (
    CartCheckedOut,
    CartCleared,
    CartOpened,
    ItemAdded,
    ItemQuantityChanged,
    ItemRemoved,
    PriceAccepted,
)
from domain.catalog import MinimumSet, PriceChanged
from domain.kernel import Recorded, Value, but
from domain.money import Price, total
from projections.kernel import Column, Document, Found, Page, Reader, Table, one, own, page

VERSION = 3


class CartLine(Document):
    """``unit_price`` is held since the line was added or its price accepted; ``minimum`` and
    ``live_price`` are what they are now."""

    product: str
    seller: str
    sku: str | None
    name: str
    unit_price: Price
    quantity: int
    minimum: int
    subtotal: Price
    live_price: Price
    price_rose: bool
    price_fell: bool


class Cart(Document):
    """``total`` is at the prices held, null for an empty cart; ``checkout`` once it is closed."""

    id: str
    version: int
    owner: str
    lines: list[CartLine]
    total: Price | None
    closed: bool
    checkout: str | None
    opened_at: datetime
    checked_out_at: datetime | None


def evolve(cart: Cart | None, recorded: Recorded, id: str) -> Cart | None:
    event = recorded.event
    if isinstance(event, CartOpened):
        return _opened(event, recorded)
    if cart is None:
        return None
    if isinstance(event, PriceChanged):
        return _with(cart, recorded.id, live_price=Price.of(event.new))
    if isinstance(event, MinimumSet):
        return _with(cart, recorded.id, minimum=event.quantity)
    return _changed(but(cart, version=recorded.version), recorded)


def _opened(event: CartOpened, recorded: Recorded) -> Cart:
    return Cart(
        id=recorded.id,
        version=recorded.version,
        owner=event.owner,
        lines=[],
        total=None,
        closed=False,
        checkout=None,
        opened_at=recorded.occurred_at,
        checked_out_at=None,
    )


def _changed(cart: Cart, recorded: Recorded) -> Cart:
    match recorded.event:
        case ItemAdded():
            return _relined(cart, [*cart.lines, _added(recorded.event)])
        case ItemQuantityChanged(product=product, quantity=quantity):
            return _with(cart, product, quantity=quantity)
        case ItemRemoved(product=product):
            return _relined(cart, [x for x in cart.lines if x.product != product])
        case CartCleared():
            return _relined(cart, [])
        case PriceAccepted(product=product, unit_price=price):
            return _with(cart, product, unit_price=Price.of(price))
        case CartCheckedOut(checkout=checkout):
            at = recorded.occurred_at
            return but(cart, closed=True, checkout=checkout, checked_out_at=at)
    return cart


def _added(item: ItemAdded) -> CartLine:
    price = Price.of(item.unit_price)
    return CartLine(
        product=item.product,
        seller=item.seller,
        sku=item.sku,
        name=item.name,
        unit_price=price,
        quantity=item.quantity,
        minimum=item.minimum,
        subtotal=Price.of(item.unit_price.times(item.quantity)),
        live_price=price,
        price_rose=False,
        price_fell=False,
    )


def _with(cart: Cart, product: str, **changes: Any) -> Cart:
    lines = [_compared(x, **changes) if x.product == product else x for x in cart.lines]
    return _relined(cart, lines)


def _compared(line: CartLine, **changes: Any) -> CartLine:
    line = but(line, **changes)
    held, live = line.unit_price.money, line.live_price.money
    return but(
        line,
        subtotal=Price.of(held.times(line.quantity)),
        price_rose=live.minor > held.minor,
        price_fell=live.minor < held.minor,
    )


def _relined(cart: Cart, lines: list[CartLine]) -> Cart:
    amounts = [line.subtotal.money for line in lines]
    whole = Price.of(total(amounts, amounts[0].currency)) if amounts else None
    return but(cart, lines=lines, total=whole)


def _open(cart: Cart) -> list[CartLine]:
    return [] if cart.closed else cart.lines


def _holding(recorded: Recorded) -> tuple[str, tuple[str]]:
    return "products @> ARRAY[%s::text]", (recorded.id,)


CARTS = Table(
    name="carts_carts",
    document=Cart,
    on=dict.fromkeys(
        (
            CartOpened,
            ItemAdded,
            ItemQuantityChanged,
            ItemRemoved,
            CartCleared,
            PriceAccepted,
            CartCheckedOut,
        ),
        own,
    ),
    related=dict.fromkeys((PriceChanged, MinimumSet), _holding),
    evolve=evolve,
    columns={
        "owner": Column("text", lambda c: c.owner),
        "closed": Column("boolean", lambda c: c.closed),
        "opened_at": Column("timestamptz", lambda c: c.opened_at),
        # Of open carts only: what was bought has its price and its minimum for good.
        "products": Column("text[]", lambda c: [x.product for x in _open(c)]),
        "quantities": Column("bigint[]", lambda c: [x.quantity for x in _open(c)]),
        "prices": Column("bigint[]", lambda c: [x.live_price.money.minor for x in _open(c)]),
    },
    indexes=("owner, opened_at", "closed, opened_at", "products"),
    topic=lambda id, cart: f"carts.{id}.{cart.owner}",
)
TABLES = (CARTS,)


async def cart(db: Reader, id: str, owner: str | None = None) -> Found | None:
    """``owner``: only if it is theirs."""
    return await one(db, CARTS.name, id, "coalesce(owner = %s, true)", (owner,))


async def current(db: Reader, owner: str) -> Found | None:
    """The owner's newest open cart."""
    newest = await page(
        db, CARTS.name, "owner = %s AND NOT closed", (owner,), "opened_at DESC, id", 1, 1
    )
    return newest.items[0] if newest.items else None


async def carts(db: Reader, owner: str, number: int, limit: int) -> Page:
    """An owner's carts, newest first."""
    return await page(db, CARTS.name, "owner = %s", (owner,), "opened_at DESC, id", number, limit)


class Held(Value):
    """A line of an open cart, at what it is sold for by now, in minor units."""

    cart: str
    product: str
    quantity: int
    price: int


BELOW = f"""
SELECT c.id, line.product, line.quantity, line.price, count(*) OVER ()
FROM read.{CARTS.name} AS c
CROSS JOIN LATERAL unnest(c.products, c.quantities, c.prices) AS line (product, quantity, price)
JOIN unnest(%s::text[], %s::bigint[]) AS floors (product, price) ON floors.product = line.product
WHERE c.tenant = %s AND NOT c.closed AND c.products && %s::text[] AND line.price < floors.price
ORDER BY c.opened_at, c.id, line.product LIMIT %s
"""


async def below(db: Reader, floors: Mapping[str, int], limit: int) -> tuple[list[Held], int]:
    """Of open carts, the lines that are sold under the prices of ``floors`` (minor units, by
    product), the oldest cart first; and how many there are. Nothing of whose they are."""
    products = list(floors)
    params = products, list(floors.values()), db.tenant, products, limit
    rows = await db.rows(BELOW, params)
    return [Held(*row[:-1]) for row in rows], rows[0][-1] if rows else 0
