"""A seller's dashboard (AN-01): one small row each, counted while orders move."""

from domain.identity import SellerAppointed
from domain.kernel import Recorded, but
from domain.money import Price
from domain.payments import CheckoutPaid, PaymentRefunded
from projections.analytics.orders import CLOSED, OrderMoved, added
from projections.kernel import Document, Table, own


class Seller(Document):
    """A seller's dashboard. ``orders``: how many stand at each status; ``open_orders``: neither
    delivered nor over. ``units_sold``: of paid orders that were neither cancelled nor returned.
    ``revenue``: paid less refunded, one amount per currency."""

    id: str
    shop: str = ""
    orders: dict[str, int] = {}
    open_orders: int = 0
    units_sold: int = 0
    revenue: tuple[Price, ...] = ()


def evolve(row: Seller | None, recorded: Recorded, id: str) -> Seller | None:
    seller = row or Seller(id)
    match recorded.event:
        case SellerAppointed(shop=shop):
            return but(seller, shop=shop)
        case OrderMoved() as move:
            return _moved(seller, move)
        case CheckoutPaid(shares=shares):
            revenue = seller.revenue
            for share in shares:
                revenue = added(revenue, share.amount) if share.seller == id else revenue
            return but(seller, revenue=revenue)
        case PaymentRefunded(amount=amount):
            return but(seller, revenue=added(seller.revenue, amount, -1))
    return row


def _moved(seller: Seller, move: OrderMoved) -> Seller:
    orders = counted(seller.orders, move)
    return but(
        seller,
        orders=orders,
        open_orders=sum(n for status, n in orders.items() if status not in CLOSED),
        units_sold=seller.units_sold + move.sold * move.after.units,
    )


def counted(orders: dict[str, int], move: OrderMoved) -> dict[str, int]:
    """Orders per status after a move; a status that none stands at is left out."""
    after = dict(orders)
    if move.before is not None:
        after[move.before.status] = after.get(move.before.status, 0) - 1
    after[move.after.status] = after.get(move.after.status, 0) + 1
    return {status: n for status, n in after.items() if n}


def of_refund(recorded: Recorded) -> list[str]:
    """Money that never counted as a seller's revenue names no seller."""
    return [recorded.event.seller] if recorded.event.seller is not None else []


SELLERS = Table(
    name="analytics_sellers",
    document=Seller,
    on={
        SellerAppointed: own,
        OrderMoved: lambda r: [r.event.after.seller],
        CheckoutPaid: lambda r: {share.seller for share in r.event.shares},
        PaymentRefunded: of_refund,
    },
    evolve=evolve,
    topic=lambda id, seller: f"analytics.{id}",
    counters=True,
)
