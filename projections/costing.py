"""Costed products: what each is made of, what it costs, and how that came about."""

from datetime import datetime

from domain.costing import (
    Base,
    ComponentsSet,
    CostRolledUp,
    Kind,
    LabourSet,
    MarginSet,
    OverheadsSet,
    ProductDefined,
    ProductRenamed,
    ProductRestored,
    ProductRetired,
    price_at,
)
from domain.costs import UnitCost, told
from domain.kernel import Recorded, but
from domain.money import Money, Price
from domain.quantities import shown
from projections.kernel import (
    Column,
    Document,
    Found,
    Page,
    Reader,
    Slice,
    Table,
    newest,
    one,
    own,
    page,
)

VERSION = 1


class Component(Document):
    kind: Kind
    id: str
    quantity: str


class Labour(Document):
    name: str
    minutes: str
    rate: Price


class Overhead(Document):
    name: str
    on: Base
    basis_points: int
    amount: Price | None


class Product(Document):
    """``components``, ``labour`` and ``overheads`` are those of a batch of ``makes`` pieces.

    ``cost``: of one piece, null while it is unknown; ``price``: what leaves ``margin``
    (ten-thousandths of it) over. ``costed_at``: when the cost last changed. ``version``: of its
    own stream.
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


class Cause(Document):
    """``kind``: material, product or basis (then ``id`` is the tenant's new basis).
    ``position``: of the event that moved the cost; null: it was written with the change."""

    kind: str
    id: str
    position: int | None


class Moment(Document):
    """A change of what a product costs. null: it was, or is, unknown. ``version`` is the
    product's after it, ``position`` that in the log."""

    product: str
    version: int
    position: int
    at: datetime
    old: UnitCost | None
    cost: UnitCost | None
    cause: Cause


def evolve(product: Product | None, recorded: Recorded, id: str) -> Product | None:
    event = recorded.event
    if isinstance(event, ProductDefined):
        return Product(
            recorded.id,
            recorded.version,
            event.owner,
            event.name,
            event.currency,
            event.margin,
            recorded.occurred_at,
        )
    if product is None:
        return None
    return _priced(_changed(but(product, version=recorded.version), event, recorded))


def _changed(product: Product, event: object, recorded: Recorded) -> Product:
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
        case CostRolledUp(new=cost):
            known = None if cost is None else UnitCost.of(cost)
            return but(product, cost=known, costed_at=recorded.occurred_at)
    return product


def _priced(product: Product) -> Product:
    cost = None if product.cost is None else product.cost.cost
    return but(product, price=_price(price_at(cost, product.margin)))


def _price(money: Money | None) -> Price | None:
    return None if money is None else Price.of(money)


def _rolled(_: Moment | None, recorded: Recorded, id: str) -> Moment:
    event: CostRolledUp = recorded.event
    return Moment(
        recorded.id,
        recorded.version,
        recorded.position,
        recorded.occurred_at,
        told(event.old),
        told(event.new),
        Cause(event.cause.kind, event.cause.id, event.cause.position),
    )


PRODUCTS = Table(
    name="costing_products",
    document=Product,
    on=dict.fromkeys(
        (
            ProductDefined,
            ComponentsSet,
            LabourSet,
            OverheadsSet,
            MarginSet,
            ProductRenamed,
            ProductRetired,
            ProductRestored,
            CostRolledUp,
        ),
        own,
    ),
    evolve=evolve,
    columns={
        "owner": Column("text", lambda product: product.owner),
        "name": Column("text", lambda product: product.name),
        "retired": Column("boolean", lambda product: product.retired),
    },
    indexes=("owner, name", "name"),
    topic=lambda id, product: f"costing.{id}.{product.owner}",
)
TIMELINE = Table(
    name="costing_timeline",
    document=Moment,
    on={CostRolledUp: lambda recorded: (f"{recorded.id}.{recorded.version}",)},
    evolve=_rolled,
    columns={
        "product": Column("text", lambda moment: moment.product),
        "place": Column("bigint", lambda moment: moment.position),
    },
    indexes=("product, place",),
)
TABLES = (PRODUCTS, TIMELINE)


async def product(db: Reader, id: str, owner: str | None = None) -> Found | None:
    """``owner``: only if it is theirs."""
    return await one(db, PRODUCTS.name, id, "coalesce(owner = %s, true)", (owner,))


async def products(
    db: Reader, owner: str | None, retired: bool, search: str | None, number: int, limit: int
) -> Page:
    """By name. ``search``: a part of it."""
    where = "retired = %s AND coalesce(owner = %s, true) AND strpos(lower(name), %s) > 0"
    params = (retired, owner, (search or "").lower())
    return await page(db, PRODUCTS.name, where, params, "name, id", number, limit)


async def timeline(db: Reader, product: str, before: int, limit: int) -> Slice:
    """The last first."""
    return await newest(db, TIMELINE.name, "product = %s", (product,), "place", before, limit)
