"""What the commands on materials are sent."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from domain import materials as rules
from domain.costs import Basis, UnitCost
from domain.kernel import Personal, Rejected
from domain.materials import MAX_NOTE, Conversion, Measuring
from domain.money import Money, Price
from domain.money import parse as money
from domain.quantities import FINEST, PLACES, Amount, parse
from entrypoints.http.names import Line, Name, Short, Time, utc

Kind: TypeAlias = Literal["yarn", "component", "supply"]
Quantity: TypeAlias = Annotated[str, Meta(max_length=30, description="a decimal", examples=["1.5"])]
Unit: TypeAlias = Annotated[str, Meta(max_length=20, examples=["g"])]
Currency: TypeAlias = Annotated[str, Meta(max_length=3, examples=["DZD"])]
Confirm: TypeAlias = Annotated[str, Meta(max_length=100)]
Reason: TypeAlias = Annotated[str, Meta(min_length=1, max_length=40, examples=["count"])]


def kept(quantity: str) -> int:
    """In thousandths of a material's own unit. Rejects what is finer than that."""
    if (exact := Amount(parse(quantity, FINEST)).times(10**PLACES)) is None:
        raise Rejected("materials.quantity_too_fine", "a thousandth of its unit at least")
    return exact


class Factor(Struct, forbid_unknown_fields=True):
    """One ``unit`` has so many (``factor``, up to three digits after the point) of the material's
    own."""

    unit: Unit
    factor: Quantity


class MaterialText(Struct, forbid_unknown_fields=True):
    """What a material is called and what is said of it, all of it anew."""

    name: Annotated[str, Meta(min_length=1, max_length=200, examples=["Merino"])]
    kind: Kind
    brand: Short = ""
    colour: Short = ""
    attributes: dict[Line, Short] = {}

    def value(self) -> rules.Describing:
        return rules.Describing(self.name, self.kind, self.brand, self.colour, self.attributes)


class Measures(Struct, forbid_unknown_fields=True):
    """``scrap``: how much is lost when it is used, in ten-thousandths."""

    conversions: list[Factor] = []
    scrap: int = 0

    def value(self) -> Measuring:
        factors = [Conversion(told.unit, parse(told.factor)) for told in self.conversions]
        return Measuring(tuple(factors), self.scrap)


class NewYarn(Measures, forbid_unknown_fields=True, kw_only=True):
    """``unit``: what it is counted and used in, for good. ``currency``: of its costs, the
    tenant's unless told. ``owner``: whose it is, the caller's unless told; only staff name
    somebody else."""

    name: Annotated[str, Meta(min_length=1, max_length=200, examples=["Merino"])]
    unit: Unit
    brand: Short = ""
    colour: Short = ""
    attributes: dict[Line, Short] = {}
    currency: Currency = ""
    sku: Line | None = None
    owner: Name | None = None

    def command(self, owner: str, kind: str) -> rules.AddMaterial:
        text = rules.Describing(self.name, kind, self.brand, self.colour, self.attributes)
        return rules.AddMaterial(owner, text, self.unit, self.currency, self.value(), self.sku)

    def again(self, kind: str) -> rules.RedefineMaterial:
        text = rules.Describing(self.name, kind, self.brand, self.colour, self.attributes)
        told = text, self.unit, self.value(), self.sku, self.currency, self.owner
        return rules.RedefineMaterial(*told)


class NewMaterial(NewYarn, forbid_unknown_fields=True, kw_only=True):
    """A material of any kind."""

    kind: Kind


class MaterialSku(Struct, forbid_unknown_fields=True):
    """A stock-keeping unit, which no other material of the tenant has; null takes it away."""

    sku: Line | None


class Bought(Struct, forbid_unknown_fields=True):
    """``quantity`` in ``unit``, the material's own unless told. ``price``: of all of it;
    ``landed``: what it cost to get it here. ``supplier``: the firm. ``bought_at``: now unless
    told. ``confirm``: as the preview of this very purchase answered it, if anything happened to
    the material since it was bought."""

    quantity: Quantity
    price: Price
    unit: Unit = ""
    landed: Price | None = None
    supplier: Short = ""
    reference: Short = ""
    bought_at: Time | None = None
    confirm: Confirm | None = None

    def command(self) -> rules.RecordPurchase:
        price = money(self.price)
        return rules.RecordPurchase(
            Amount(parse(self.quantity, FINEST), self.unit),
            price,
            money(self.landed) if self.landed else Money(0, price.currency),
            self.supplier,
            self.reference,
            utc(self.bought_at),
        )


class Recount(Struct, forbid_unknown_fields=True):
    """So much more, or (-) less, in ``unit``, the material's own unless told."""

    delta: Annotated[str, Meta(max_length=30, examples=["-250"])]
    reason: Reason
    unit: Unit = ""
    note: Annotated[str, Meta(max_length=MAX_NOTE)] = ""

    def command(self, by: str) -> rules.AdjustStock:
        note = Personal(by, self.note) if self.note else None
        amount = Amount(parse(self.delta, FINEST, signed=True), self.unit)
        return rules.AdjustStock(amount, self.reason, note)


class LowLine(Struct, forbid_unknown_fields=True):
    """Less than this, in the material's own unit, is low; null: never."""

    threshold: Quantity | None

    def command(self) -> rules.SetThreshold:
        return rules.SetThreshold(None if self.threshold is None else kept(self.threshold))


class StandardCost(Struct, forbid_unknown_fields=True):
    """Of one of its own unit; up to six digits more than the currency has. null: none."""

    cost: UnitCost | None


class CostBasis(Struct, forbid_unknown_fields=True):
    """``average``: what all purchases have cost, weighted and moved by each; ``last``: the last
    purchase; ``standard``: as set."""

    basis: Basis
