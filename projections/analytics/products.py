"""Top products (AN-03): how much of each was sold, under the name it has now."""

from domain.catalog import ProductCreated, ProductDescribed
from domain.kernel import Recorded, but
from domain.money import Money, Price
from projections.analytics.orders import OrderMoved
from projections.kernel import Column, Document, Table, own


class ProductSales(Document):
    """What one product sold. ``revenue``: of the lines sold in its own currency, without
    shipping. ``units_ordered``: whatever became of the orders; ``units_sold``: of paid orders
    that were neither cancelled nor returned."""

    id: str
    seller: str
    sku: str | None
    name: str
    revenue: Price
    units_ordered: int = 0
    units_sold: int = 0


def evolve(product: ProductSales | None, recorded: Recorded, id: str) -> ProductSales | None:
    match recorded.event:
        case ProductCreated() as new:
            nothing = Price.of(Money(0, new.price.currency))
            return ProductSales(id, new.seller, new.sku, new.describing.name, nothing)
        case ProductDescribed(describing=describing):
            return product and but(product, name=describing.name)
        case OrderMoved() as move:
            return _moved(product, move, id)
    return product


def _moved(product: ProductSales | None, move: OrderMoved, id: str) -> ProductSales | None:
    for line in move.after.lines:
        if line.product == id:
            nothing = Price.of(Money(0, line.subtotal.currency))
            row = product or ProductSales(id, move.after.seller, line.sku, line.name, nothing)
            return but(
                row,
                units_ordered=row.units_ordered + (line.units if move.placed else 0),
                units_sold=row.units_sold + move.sold * line.units,
                revenue=_plus(row.revenue, line.subtotal.money.times(move.sold)),
            )
    return product


def _plus(revenue: Price, change: Money) -> Price:
    """An offer may have been in another currency: that can be added to nothing here."""
    return Price.of(revenue.money + change) if change.currency == revenue.currency else revenue


def _of_move(recorded: Recorded) -> list[str]:
    """Only the moves that change what was ordered or sold."""
    move: OrderMoved = recorded.event
    return [line.product for line in move.after.lines] if move.placed or move.sold else []


PRODUCTS = Table(
    name="analytics_products",
    document=ProductSales,
    on={ProductCreated: own, ProductDescribed: own, OrderMoved: _of_move},
    evolve=evolve,
    columns={
        "seller": Column("text", lambda p: p.seller),
        "sku": Column("text", lambda p: p.sku),
        "units_ordered": Column("bigint", lambda p: p.units_ordered),
        "units_sold": Column("bigint", lambda p: p.units_sold),
        "revenue": Column("numeric", lambda p: p.revenue.money.minor),  # minor units, unbounded
    },
    indexes=("seller, revenue",),
)
