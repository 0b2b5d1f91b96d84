"""Reel performance: what was made of each reel: watched, liked, put into carts, bought."""

from domain.carts import ItemAdded
from domain.engagement import ViewsCounted
from domain.kernel import Recorded, but
from domain.likes import ReelLiked, ReelUnliked
from domain.money import Price
from domain.reels import ReelPublished
from projections.analytics.orders import OrderMoved, Sold, added
from projections.kernel import Column, Document, Table, own


class ReelPerformance(Document):
    """``carts``: times that its product was put into a cart by it; ``orders``, ``units_sold`` and
    ``revenue`` of those: of paid orders that were neither cancelled nor returned. Revenue: one
    amount for each currency, of the lines alone."""

    id: str
    seller: str
    product: str
    views: int = 0
    likes: int = 0
    carts: int = 0
    orders: int = 0
    units_sold: int = 0
    revenue: tuple[Price, ...] = ()


def evolve(reel: ReelPerformance | None, recorded: Recorded, id: str) -> ReelPerformance | None:
    event = recorded.event
    if isinstance(event, ReelPublished):
        return reel or ReelPerformance(id, event.seller, event.product)
    if reel is None:
        return None
    match event:
        case ViewsCounted(count=count):
            return but(reel, views=reel.views + count)
        case ReelLiked():
            return but(reel, likes=reel.likes + 1)
        case ReelUnliked():
            return but(reel, likes=reel.likes - 1)
        case ItemAdded():
            return but(reel, carts=reel.carts + 1)
        case OrderMoved():
            return _sold(reel, event)
    return reel


def _sold(reel: ReelPerformance, move: OrderMoved) -> ReelPerformance:
    lines = [line for line in move.after.lines if line.reel == reel.id]
    revenue = reel.revenue
    for line in lines:
        revenue = added(revenue, line.subtotal.money, move.sold)
    units = sum(line.units for line in lines) * move.sold
    return but(
        reel,
        orders=reel.orders + move.sold,
        units_sold=reel.units_sold + units,
        revenue=revenue,
    )


def _of_reel(recorded: Recorded) -> list[str]:
    return [recorded.event.reel] if recorded.event.reel else []


def _of_move(recorded: Recorded) -> list[str]:
    """Only the moves that change what was sold."""
    move: OrderMoved = recorded.event
    return _named(move.after.lines) if move.sold else []


def _named(lines: tuple[Sold, ...]) -> list[str]:
    return list(dict.fromkeys(line.reel for line in lines if line.reel))


REELS = Table(
    name="analytics_reels",
    document=ReelPerformance,
    on={
        ReelPublished: own,
        ViewsCounted: own,
        **dict.fromkeys((ReelLiked, ReelUnliked, ItemAdded), _of_reel),
        OrderMoved: _of_move,
    },
    evolve=evolve,
    columns={
        "seller": Column("text", lambda reel: reel.seller),
        "views": Column("bigint", lambda reel: reel.views),
        "orders": Column("bigint", lambda reel: reel.orders),
    },
    indexes=("seller, orders, views",),
)
