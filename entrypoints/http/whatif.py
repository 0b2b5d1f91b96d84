"""What if materials cost something else: what is sent, and what is shown before it is saved."""

from typing import Annotated, Generic, TypeVar
from uuid import UUID

from msgspec import Meta, Struct

from application.costing import Prospect, Supposed
from application.ports import Call
from domain.costing import least, margin_of, price_at
from domain.costs import Cost, UnitCost, parse, told
from domain.kernel import Rejected, but
from domain.money import Money, Price
from entrypoints.wiring import Souk
from projections import carts, offers

SHOWN = 1_000  # of each kind, at the most
SUPPOSING = (
    "costs.malformed",
    "money.unknown_currency",
    "costing.unknown_material",
    "costing.material_repeated",
    "costing.currency_mixed",
    "costing.amount_out_of_range",
)
T = TypeVar("T")


class Repriced(Struct, forbid_unknown_fields=True):
    """``cost``: of one of the material's own unit, without its scrap, whatever the basis is."""

    id: UUID
    cost: UnitCost


class Supposition(Struct, frozen=True, forbid_unknown_fields=True):
    """``materials``: those that would cost something else."""

    materials: Annotated[list[Repriced], Meta(max_length=1_000)] = []

    def costs(self) -> Supposed:
        """Raises Rejected."""
        found = {str(each.id): parse(each.cost) for each in self.materials}
        if len(found) < len(self.materials):
            raise Rejected("costing.material_repeated", "each material is told once")
        return found


NOTHING = Supposition()


class Some(Struct, Generic[T], frozen=True):
    """The first 1,000 of them, and how many there are."""

    items: tuple[T, ...]
    total: int


class WouldCost(Struct, frozen=True):
    """``price``: in the catalogue, null while it is not sold there; ``suggested_…``: what leaves
    ``target`` (ten-thousandths) over; ``margin_…``: what ``price`` leaves. ``under``: that is less
    than the target then; ``fell``: and it is not by now."""

    id: str
    name: str
    cost_now: UnitCost | None
    cost_then: UnitCost | None
    price: Price | None
    suggested_now: Price | None
    suggested_then: Price | None
    margin_now: int | None
    margin_then: int | None
    target: int
    under: bool
    fell: bool


class OfferUnder(Struct, frozen=True):
    """An offer whose price from ``quantity`` on would leave less than the target."""

    offer: str
    product: str
    quantity: int
    price: Price
    margin_then: int | None
    fell: bool


class CartUnder(Struct, frozen=True):
    """A line of an open cart that would leave less than the target, at what it is sold for."""

    cart: str
    product: str
    quantity: int
    price: Price
    margin_then: int | None
    fell: bool


class WhatIf(Struct, frozen=True):
    """By the log as it was at ``position``. ``products``: all that is made of these materials, what
    would fall under its margin first; ``offers`` and ``carts``: those that would be under it."""

    position: int
    products: Some[WouldCost]
    offers: Some[OfferUnder]
    carts: Some[CartUnder]


async def what_if(souk: Souk, call: Call, owner: str | None, supposed: Supposed) -> WhatIf:
    """Costs, offers and carts are no older than the log was when it was asked."""
    head = await souk.positions.head()
    seen = await souk.costing.supposed(call, owner, supposed)
    position = max(head, seen.position)
    sold = {one.product.listing: one for one in seen.found if one.product.listing and one.then}
    floors = {id: least(one.then, one.product.margin) for id, one in sold.items() if one.then}
    reader = souk.reader(call.tenant)
    await souk.positions.wait("offers", position)
    tiers, tiers_total = await offers.below(reader, floors, SHOWN)
    await souk.positions.wait("carts", position)
    lines, lines_total = await carts.below(
        reader, {id: floor.minor for id, floor in floors.items()}, SHOWN
    )
    return WhatIf(
        position,
        Some(tuple(would_cost(one) for one in seen.found[:SHOWN]), len(seen.found)),
        Some(tuple(_offer(tier, sold[tier.product]) for tier in tiers), tiers_total),
        Some(tuple(_cart(line, sold[line.product]) for line in lines), lines_total),
    )


def would_cost(one: Prospect) -> WouldCost:
    target = one.product.margin
    return WouldCost(
        one.id,
        one.product.name,
        told(one.now),
        told(one.then),
        _shown(one.price),
        _shown(price_at(one.now, target)),
        _shown(price_at(one.then, target)),
        _margin(one.price, one.now),
        _margin(one.price, one.then),
        target,
        one.under,
        one.fell,
    )


def _offer(tier: offers.Tier, one: Prospect) -> OfferUnder:
    price, margin, fell = _at(tier.price, one)
    return OfferUnder(tier.offer, tier.product, tier.quantity, price, margin, fell)


def _cart(line: carts.Held, one: Prospect) -> CartUnder:
    price, margin, fell = _at(line.price, one)
    return CartUnder(line.cart, line.product, line.quantity, price, margin, fell)


def _at(minor: int, one: Prospect) -> tuple[Price, int | None, bool]:
    """That price, what it would leave, and whether it leaves enough by now."""
    price = Money(minor, one.product.currency)
    return Price.of(price), _margin(price, one.then), but(one, price=price).fell


def _margin(price: Money | None, cost: Cost | None) -> int | None:
    return None if price is None or cost is None else margin_of(price, cost)


def _shown(money: Money | None) -> Price | None:
    return None if money is None else Price.of(money)
