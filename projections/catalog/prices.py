"""How a product's price came about: one row per change."""

from datetime import datetime

from domain.catalog import PriceChanged
from domain.kernel import Recorded
from domain.money import Money, Price
from projections.kernel import Column, Document, Page, Reader, Table, page


class PriceStep(Document):
    """One change of a product's price; ``version`` is the product's after it."""

    product: str
    version: int
    old: Price
    new: Price
    original_price: Price | None
    reason: str
    changed_at: datetime


def _price_step(step: PriceStep | None, recorded: Recorded, id: str) -> PriceStep:
    change: PriceChanged = recorded.event
    return PriceStep(
        recorded.id,
        recorded.version,
        Price.of(change.old),
        Price.of(change.new),
        struck_out(change.original_price),
        change.reason,
        recorded.occurred_at,
    )


def struck_out(original: Money | None) -> Price | None:
    return None if original is None else Price.of(original)


PRICES = Table(
    name="catalog_prices",
    document=PriceStep,
    on={PriceChanged: lambda r: [f"{r.id}.{r.version}"]},
    evolve=_price_step,
    columns={
        "product": Column("text", lambda step: step.product),
        "version": Column("bigint", lambda step: step.version),
    },
    indexes=("product, version",),
)


async def prices(db: Reader, product: str, number: int, limit: int) -> Page:
    """Every change of a product's price, newest first."""
    return await page(db, PRICES.name, "product = %s", (product,), "version DESC", number, limit)
