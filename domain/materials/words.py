"""The commands and events of materials. Quantities are thousandths of the material's unit."""

from datetime import datetime

from domain.costs import Cost
from domain.kernel import Command, Event, Personal, Value
from domain.money import Money
from domain.quantities import Amount


class Conversion(Value):
    """A unit that it may be bought in, of which one has ``factor`` thousandths of its own unit."""

    unit: str
    factor: int


class Describing(Value):
    name: str
    kind: str
    brand: str = ""
    colour: str = ""
    attributes: dict[str, str] = {}  # fields of the owner's own


class Measuring(Value):
    """``scrap``: how much of it is lost when it is used, in ten-thousandths."""

    conversions: tuple[Conversion, ...] = ()
    scrap: int = 0


class AddMaterial(Command):
    """``unit``: what it is counted and used in, for good; so is ``currency``."""

    owner: str
    describing: Describing
    unit: str
    currency: str = ""
    measuring: Measuring = Measuring()
    sku: str | None = None  # unique in the tenant
    basis: str = "average"  # the tenant's


class DescribeMaterial(Command):
    describing: Describing


class MeasureMaterial(Command):
    measuring: Measuring


class AssignSku(Command):
    sku: str | None


class Movement(Value):
    """So many thousandths more or less. ``paid``: None when it was no purchase."""

    at: datetime
    delta: int
    paid: Money | None = None


class Backdated(Value):
    """``last``: what a unit has cost in the last purchase, by when they happened."""

    last: Cost


class RedefineMaterial(Command):
    """What is said of it, how it is measured and its SKU at once. ``unit``: as it is; so are
    ``currency`` and ``owner``, or not told."""

    describing: Describing
    unit: str
    measuring: Measuring
    sku: str | None
    currency: str = ""
    owner: str | None = None


class RecordPurchase(Command):
    """``price`` is that of all of it, ``landed`` what it cost to get it here (freight, customs).

    ``past``: for one that is not the last to have happened, all movements so far, in the order of
    recording.
    """

    amount: Amount
    price: Money
    landed: Money
    supplier: str = ""  # a firm's name, not a person's
    reference: str = ""
    bought_at: datetime | None = None  # None: when it is recorded
    past: tuple[Movement, ...] | None = None


class AdjustStock(Command):
    """So much more, or less, and why: a code, and a note in a person's words."""

    delta: Amount
    reason: str
    note: Personal | None = None


class SetThreshold(Command):
    threshold: int | None


class SetStandardCost(Command):
    cost: Cost | None


class RetireMaterial(Command):
    pass


class RestoreMaterial(Command):
    pass


class PurgeMaterial(Command):
    """For good: what was retired does not come back."""


class MaterialAdded(Event, tag="materials.material_added"):
    owner: str
    describing: Describing
    unit: str
    currency: str
    measuring: Measuring
    sku: str | None
    basis: str


class MaterialDescribed(Event, tag="materials.material_described"):
    describing: Describing


class MaterialMeasured(Event, tag="materials.material_measured"):
    measuring: Measuring


class SkuAssigned(Event, tag="materials.sku_assigned"):
    sku: str | None


class MaterialPurchased(Event, tag="materials.material_purchased"):
    """``said``: the quantity as it was bought. ``unit_cost``: of this purchase, landed.
    ``before``, ``average``: the moving weighted average before it and with it. ``backdated``: it
    was put where it belongs among what happened, and the average folded again."""

    quantity: int
    said: Amount
    price: Money
    landed: Money
    supplier: str
    reference: str
    bought_at: datetime | None
    unit_cost: Cost
    before: Cost | None
    average: Cost
    backdated: Backdated | None = None


class StockAdjusted(Event, tag="materials.stock_adjusted"):
    delta: int
    reason: str
    note: Personal | None


class ThresholdSet(Event, tag="materials.threshold_set"):
    threshold: int | None


class StockFellBelow(Event, tag="materials.stock_fell_below"):
    threshold: int
    stock: int


class StandardCostSet(Event, tag="materials.standard_cost_set"):
    cost: Cost | None


class MaterialRetired(Event, tag="materials.material_retired"):
    pass


class MaterialRestored(Event, tag="materials.material_restored"):
    pass


class MaterialPurged(Event, tag="materials.material_purged"):
    pass


COMMANDS = (
    AddMaterial
    | DescribeMaterial
    | MeasureMaterial
    | AssignSku
    | RedefineMaterial
    | RecordPurchase
    | AdjustStock
    | SetThreshold
    | SetStandardCost
    | RetireMaterial
    | RestoreMaterial
    | PurgeMaterial
)
EVENTS = (
    MaterialAdded
    | MaterialDescribed
    | MaterialMeasured
    | SkuAssigned
    | MaterialPurchased
    | StockAdjusted
    | ThresholdSet
    | StockFellBelow
    | StandardCostSet
    | MaterialRetired
    | MaterialRestored
    | MaterialPurged
)
