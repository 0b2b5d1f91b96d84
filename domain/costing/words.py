"""The commands and events of costed products."""

from typing import Literal, TypeAlias

from domain.costs import Cost
from domain.kernel import Command, Event, Value
from domain.money import Money

Kind: TypeAlias = Literal["material", "product"]
Base: TypeAlias = Literal["materials", "labour", "all", "fixed"]


class Component(Value):
    """``quantity``: thousandths of the material's unit, or of a piece, that a batch takes."""

    kind: Kind
    id: str
    quantity: int


class Labour(Value):
    """``minutes`` (thousandths) of a batch, at a ``rate`` per hour."""

    name: str
    minutes: int
    rate: Money


class Overhead(Value):
    """So many ``basis_points`` of what is named by ``on``; of ``fixed``, the ``amount``.

    ``materials``: of all components; ``all``: of components and labour, never of overheads.
    """

    name: str
    on: Base
    basis_points: int = 0
    amount: Money | None = None


class Cause(Value):
    """What moved a cost. ``kind``: material, product or basis (the tenant's); ``position``: of the
    event that did, None when that is in the same append."""

    kind: str
    id: str
    position: int | None = None


class DefineProduct(Command):
    """``margin``: how much of the price is to be left over, in ten-thousandths."""

    owner: str
    name: str
    currency: str
    margin: int = 0


class SetComponents(Command):
    """All that a batch takes, and how many pieces it ``makes``."""

    components: tuple[Component, ...]
    makes: int = 1


class SetLabour(Command):
    labour: tuple[Labour, ...]


class SetOverheads(Command):
    overheads: tuple[Overhead, ...]


class SetMargin(Command):
    margin: int


class RenameProduct(Command):
    name: str


class RedefineProduct(Command):
    """Its name and margin at once. ``currency``, ``owner``: as they are, or not told."""

    name: str
    margin: int
    currency: str = ""
    owner: str | None = None


class RetireProduct(Command):
    pass


class RestoreProduct(Command):
    pass


class PurgeProduct(Command):
    """For good: what was retired does not come back."""


class LinkListing(Command):
    """What it is sold as: a product of the catalogue, or None."""

    product: str | None


class RollUp(Command):
    """What it costs by now, as ``cost_of`` has it."""

    cost: Cost | None
    cause: Cause


class ProductDefined(Event, tag="costing.product_defined"):
    owner: str
    name: str
    currency: str
    margin: int


class ComponentsSet(Event, tag="costing.components_set"):
    components: tuple[Component, ...]
    makes: int


class LabourSet(Event, tag="costing.labour_set"):
    labour: tuple[Labour, ...]


class OverheadsSet(Event, tag="costing.overheads_set"):
    overheads: tuple[Overhead, ...]


class MarginSet(Event, tag="costing.margin_set"):
    margin: int


class ProductRenamed(Event, tag="costing.product_renamed"):
    name: str


class ProductRetired(Event, tag="costing.product_retired"):
    pass


class ProductRestored(Event, tag="costing.product_restored"):
    pass


class ProductPurged(Event, tag="costing.product_purged"):
    pass


class ListingLinked(Event, tag="costing.listing_linked"):
    """``product``: of the catalogue; None: it is not sold as any."""

    product: str | None


class CostRolledUp(Event, tag="costing.cost_rolled_up"):
    """None: it is not known, for something in it has no cost."""

    old: Cost | None
    new: Cost | None
    cause: Cause


COMMANDS = (
    DefineProduct
    | SetComponents
    | SetLabour
    | SetOverheads
    | SetMargin
    | RenameProduct
    | RedefineProduct
    | RetireProduct
    | RestoreProduct
    | PurgeProduct
    | LinkListing
    | RollUp
)
EVENTS = (
    ProductDefined
    | ComponentsSet
    | LabourSet
    | OverheadsSet
    | MarginSet
    | ProductRenamed
    | ProductRetired
    | ProductRestored
    | ProductPurged
    | ListingLinked
    | CostRolledUp
)
