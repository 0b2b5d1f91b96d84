"""One row per costed product: what it is made of, and what it costs."""

from datetime import datetime

from domain.costing import (
    Base,
    ComponentsSet,
    CostRolledUp,
    Kind,
    LabourSet,
    ListingLinked,
    MarginSet,
    OverheadsSet,
    ProductDefined,
    ProductPurged,
    ProductRenamed,
    ProductRestored,
    ProductRetired,
    price_at,
)
from domain.costs import UnitCost
from domain.kernel import Recorded, but
from domain.money import Money, Price
from domain.quantities import shown
from projections.kernel import (
    Column,
    Document,
    Found,
    Page,
    Reader,
    Table,
    given,
    one,
    own,
    page,
)


class Component(Document):
    """What goes into a batch: ``quantity`` of a material, in its unit of use, or pieces of
    another costed product."""

    kind: Kind
    id: str
    quantity: str


class Labour(Document):
    """Work on a batch: ``minutes`` of it, at a ``rate`` per hour."""

    name: str
    minutes: str
    rate: Price


class Overhead(Document):
    """``basis_points`` of what is named by ``on``; of ``fixed``, the ``amount`` a batch."""

    name: str
    on: Base
    basis_points: int
    amount: Price | None


class CostedProduct(Document):
    """``components``, ``labour`` and ``overheads`` are those of a batch of ``makes`` pieces.

    ``cost``: of one piece, null while it is unknown; ``price``: what leaves ``margin``
    (ten-thousandths of it) over. ``costed_at``: when the cost last changed, by the log's own clock.
    ``sells``: the product of the catalogue that it is sold as. ``version``: of its own stream.
    """

    id: str
    version: int
    owner: str
    name: str
    currency: str
    margin: int
    defined_at: datetime
    components: list[Component] = []
    makes: int = 1
    labour: list[Labour] = []
    overheads: list[Overhead] = []
    cost: UnitCost | None = None
    price: Price | None = None
    costed_at: datetime | None = None
    retired: bool = False
    sells: str | None = None


def evolve(product: CostedProduct | None, recorded: Recorded, id: str) -> CostedProduct | None:
    event = recorded.event
    if isinstance(event, ProductDefined):
        return CostedProduct(
            recorded.id,
            recorded.version,
            event.owner,
            event.name,
            event.currency,
            event.margin,
            recorded.occurred_at,
        )
    if product is None or isinstance(event, ProductPurged):
        return None
    return _priced(_changed(but(product, version=recorded.version), event, recorded))


def _changed(product: CostedProduct, event: object, recorded: Recorded) -> CostedProduct:
    match event:
        case ComponentsSet(components=components, makes=makes):
            told = [Component(c.kind, c.id, shown(c.quantity)) for c in components]
            return but(product, components=told, makes=makes)
        case LabourSet(labour=labour):
            work = [Labour(w.name, shown(w.minutes), Price.of(w.rate)) for w in labour]
            return but(product, labour=work)
        case OverheadsSet(overheads=overheads):
            rules = [Overhead(o.name, o.on, o.basis_points, _price(o.amount)) for o in overheads]
            return but(product, overheads=rules)
        case MarginSet(margin=margin):
            return but(product, margin=margin)
        case ProductRenamed(name=name):
            return but(product, name=name)
        case ProductRetired():
            return but(product, retired=True)
        case ProductRestored():
            return but(product, retired=False)
        case ListingLinked(product=listing):
            return but(product, sells=listing)
        case CostRolledUp(new=cost):
            known = None if cost is None else UnitCost.of(cost)
            return but(product, cost=known, costed_at=recorded.recorded_at)
    return product


def _priced(product: CostedProduct) -> CostedProduct:
    cost = None if product.cost is None else product.cost.cost
    return but(product, price=_price(price_at(cost, product.margin)))


def _price(money: Money | None) -> Price | None:
    return None if money is None else Price.of(money)


PRODUCTS = Table(
    name="costing_products",
    document=CostedProduct,
    on=dict.fromkeys(
        (
            ProductDefined,
            ComponentsSet,
            LabourSet,
            OverheadsSet,
            MarginSet,
            ProductRenamed,
            ProductRetired,
            ProductPurged,
            ProductRestored,
            ListingLinked,
            CostRolledUp,
        ),
        own,
    ),
    evolve=evolve,
    columns={
        "owner": Column("text", lambda product: product.owner),
        "name": Column("text", lambda product: product.name),
        "retired": Column("boolean", lambda product: product.retired),
        "sells": Column("text", lambda product: product.sells),
    },
    indexes=("owner, name", "name", "sells"),
    topic=lambda id, product: f"costing.{id}.{product.owner}",
)


async def product(db: Reader, id: str, owner: str | None = None) -> Found | None:
    """``owner``: only if it is theirs."""
    return await one(db, PRODUCTS.name, id, "coalesce(owner = %s, true)", (owner,))


class Filter(Document):
    """What a list of products is narrowed to; None: no such filter. ``search``: a part of the
    name."""

    owner: str | None = None
    retired: bool = False
    search: str | None = None
    sells: str | None = None


async def products(db: Reader, wanted: Filter, number: int, limit: int) -> Page:
    """By name."""
    asked = given(
        ("retired = %s", wanted.retired),
        ("owner = %s", wanted.owner),
        ("strpos(lower(name), %s) > 0", (wanted.search or "").lower() or None),
        ("sells = %s", wanted.sells),
    )
    return await page(db, PRODUCTS.name, *asked, "name, id", number, limit)
