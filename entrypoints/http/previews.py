"""What a purchase would change, shown before it is recorded, and the word that confirms it."""

import hashlib
import hmac

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from application.costing import Prospect, Sold
from application.materials import Shadow
from application.ports import Call
from domain import costs
from domain.costing import comparable, left, margin_of
from domain.costs import Cost, UnitCost, told
from domain.kernel import Rejected
from domain.materials import Material, Movement, RecordPurchase
from domain.money import Price
from entrypoints.http.caller import Caller
from entrypoints.http.supplies import Bought
from entrypoints.http.whatif import SHOWN, Some, WouldCost, would_cost
from entrypoints.wiring import Souk
from projections import costing

SALES = 200  # that are shown, at the most


class Restated(Struct, frozen=True):
    """A sale since the purchase: its cost and margin as recorded, and as they would have been.
    null: unknown."""

    order: str
    number: int
    product: str
    costing: str
    quantity: int
    unit_cost: UnitCost | None
    unit_cost_then: UnitCost | None
    margin: Price | None
    margin_then: Price | None
    margin_rate_then: int | None


class PurchasePreview(Struct, frozen=True):
    """The material's costs ``now`` and with the purchase. ``products``: those that would cost
    something else; ``sales``: the first 200 since it was bought. ``backdated``: something happened
    to the material since; then ``confirm`` is to be sent with the purchase. Recorded sales stay as
    they are."""

    version: int
    position: int
    backdated: bool
    average_now: UnitCost | None
    average_then: UnitCost | None
    last_now: UnitCost | None
    last_then: UnitCost | None
    products: Some[WouldCost]
    sales: Some[Restated]
    confirm: str | None


async def previewed(
    souk: Souk, caller: Caller, call: Call, id: str, data: Bought
) -> PurchasePreview:
    """Costs of products and sales are for who may read those of the material's owner. Sales are no
    older than the log was when it was asked."""
    owner, command = caller.as_owner("materials"), data.command()
    head = await souk.positions.head()
    shadow = await souk.materials.preview(call, id, owner, command)
    theirs = caller.sees_all("costing") or shadow.now.owner == caller.user
    reads = theirs and caller.may("costing:read")
    products = await _products(souk, call, id, shadow) if reads else []
    sales: tuple[list[Restated], int] = [], 0
    if reads and shadow.backdated:
        await souk.positions.wait("costing", max(head, shadow.position))
        sales = await _sales(souk, call, id, shadow, command)
    return PurchasePreview(
        shadow.version,
        shadow.position,
        shadow.backdated,
        told(shadow.now.average),
        told(shadow.then.average),
        told(shadow.now.last),
        told(shadow.then.last),
        Some(tuple(would_cost(one) for one in products[:SHOWN]), len(products)),
        Some(tuple(sales[0]), sales[1]),
        _confirm(souk.settings.secret, call, id, data, shadow.version)
        if shadow.backdated
        else None,
    )


async def _products(souk: Souk, call: Call, id: str, shadow: Shadow) -> list[Prospect]:
    """Those whose cost would change."""
    then = costs.by(shadow.basis, *_known(shadow.then))
    found = await souk.costing.supposed(call, shadow.now.owner, {id: then})
    return [one for one in found.found if one.now != one.then]


async def _sales(
    souk: Souk, call: Call, id: str, shadow: Shadow, command: RecordPurchase
) -> tuple[list[Restated], int]:
    """Since it was bought, of what the material is or was in."""
    if command.bought_at is None:
        return [], 0
    above = await souk.costing.ever_above(call, id)
    sales, total = await costing.since(souk.reader(call.tenant), above, command.bought_at, SALES)
    paid = command.price + command.landed
    bought = Movement(command.bought_at, shadow.then.stock - shadow.now.stock, paid)
    asked = [Sold(sale.costing, sale.position) for sale in sales]
    then = await souk.costing.restated(call, id, bought, asked)
    return [restated(sale, then[one]) for sale, one in zip(sales, asked, strict=True)], total


def restated(sale: costing.Sale, then: Cost | None) -> Restated:
    """``then``: what one of it would have cost."""
    price = sale.unit_price.money
    known = comparable(price, then)
    return Restated(
        sale.order,
        sale.number,
        sale.product,
        sale.costing,
        sale.quantity,
        sale.unit_cost,
        told(then),
        sale.margin,
        None if known is None else Price.of(left(price, known, sale.quantity)),
        None if known is None else margin_of(price, known),
    )


def _known(material: Material) -> tuple[Cost | None, Cost | None, Cost | None]:
    return material.average, material.last, material.standard


def confirmed(secret: bytes, call: Call, id: str, data: Bought) -> int | None:
    """The version that the preview was seen at; None when nothing is confirmed. Raises Rejected
    for what no preview of this purchase has answered to this person."""
    if data.confirm is None:
        return None
    version = data.confirm.partition(".")[0]
    if not (version.isascii() and version.isdecimal()) or len(version) > 18:
        raise Rejected("materials.not_confirmed", "it is no answer of the preview")
    wanted = _confirm(secret, call, id, data, int(version))
    if not hmac.compare_digest(wanted.encode(), data.confirm.encode()):
        raise Rejected("materials.not_confirmed", "another purchase was previewed")
    return int(version)


def _confirm(secret: bytes, call: Call, id: str, data: Bought, version: int) -> str:
    body = hashlib.sha256(msgspec.json.encode(replace(data, confirm=None))).hexdigest()
    told = msgspec.json.encode(["materials.purchase", call.tenant, call.actor, id, body, version])
    return f"{version}.{hmac.new(secret, told, hashlib.sha256).hexdigest()}"
