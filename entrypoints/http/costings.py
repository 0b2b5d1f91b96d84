"""What the commands on costed products are sent, and what a calculation answers."""

from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

from application.costing import Computed
from domain import costing as rules
from domain.costing import MAX_MARGIN, Base, Kind
from domain.costs import UnitCost, told
from domain.money import Money, Price
from domain.money import parse as money
from domain.quantities import parse, shown
from entrypoints.http.names import Line, Name
from entrypoints.http.supplies import Currency, Quantity
from entrypoints.http.whatif import WhatIf

Margin: TypeAlias = Annotated[
    int, Meta(ge=0, le=MAX_MARGIN, description="ten-thousandths of the price", examples=[4000])
]


class NewCosted(Struct, forbid_unknown_fields=True, kw_only=True):
    """``currency``: of its costs, the tenant's unless told. ``margin``: how much of its price is
    to be left over. ``owner``: whose it is, the caller's unless told; only staff name somebody
    else."""

    name: Line
    currency: Currency = ""
    margin: Margin = 0
    owner: Name | None = None

    def command(self, owner: str) -> rules.DefineProduct:
        return rules.DefineProduct(owner, self.name, self.currency, self.margin)


class RecipePart(Struct, forbid_unknown_fields=True):
    """``quantity``: in the material's own unit, or in pieces."""

    kind: Kind
    id: UUID
    quantity: Quantity


class Recipe(Struct, forbid_unknown_fields=True):
    """All that a batch takes, and how many pieces it makes."""

    components: list[RecipePart]
    makes: int = 1

    def command(self) -> rules.SetComponents:
        parts = [rules.Component(p.kind, str(p.id), parse(p.quantity)) for p in self.components]
        return rules.SetComponents(tuple(parts), self.makes)


class Task(Struct, forbid_unknown_fields=True):
    """``rate``: of an hour."""

    name: Line
    minutes: Quantity
    rate: Price


class Tasks(Struct, forbid_unknown_fields=True):
    """All the work on a batch."""

    labour: list[Task]

    def command(self) -> rules.SetLabour:
        work = [rules.Labour(t.name, parse(t.minutes), money(t.rate)) for t in self.labour]
        return rules.SetLabour(tuple(work))


class OverheadRule(Struct, forbid_unknown_fields=True):
    """So many ten-thousandths of all components (``materials``), of labour, or of both (``all``);
    or a ``fixed`` amount for a batch."""

    name: Line
    on: Base
    basis_points: int = 0
    amount: Price | None = None

    def value(self) -> rules.Overhead:
        amount = None if self.amount is None else money(self.amount)
        return rules.Overhead(self.name, self.on, self.basis_points, amount)


class OverheadRules(Struct, forbid_unknown_fields=True):
    """All rules of overhead, in the order in which they are added."""

    overheads: list[OverheadRule]

    def command(self) -> rules.SetOverheads:
        return rules.SetOverheads(tuple(rule.value() for rule in self.overheads))


class TargetMargin(Struct, forbid_unknown_fields=True):
    """What is wanted of a price: the price is suggested for it."""

    margin: Margin


class CostedName(Struct, forbid_unknown_fields=True):
    """What a costed product is called from now on."""

    name: Line


class SoldAs(Struct, forbid_unknown_fields=True):
    """``product``: of the catalogue, of the same owner and in the same currency; null: none."""

    product: UUID | None


class CostLine(Struct, frozen=True):
    """``unit_cost``: of one, a material's with its scrap; ``cost``: of the line; null while it is
    unknown. ``positions``: the purchases that a material's cost comes from (of a standard cost:
    where it was set); a product's, of all that is in it, the last 100."""

    kind: Kind
    id: str
    name: str
    unit: str
    quantity: str
    unit_cost: UnitCost | None
    cost: UnitCost | None
    positions: tuple[int, ...]


class Charge(Struct, frozen=True):
    """What one rule of overhead adds."""

    name: str
    cost: UnitCost


class CostBreakdown(Struct, frozen=True):
    """Of a batch of ``makes`` pieces, by the log at ``position``, with every line rounded for show
    alone. ``cost``: of one piece, rounded once; ``price``: what leaves ``margin`` over; both null
    while something is ``missing`` (the ids) or the sum is too large to be a cost. ``what_if``: with
    changed materials, all else that they would change."""

    id: str
    version: int
    position: int
    basis: str
    makes: int
    components: tuple[CostLine, ...]
    labour: tuple[Charge, ...]
    overheads: tuple[Charge, ...]
    missing: tuple[str, ...]
    cost: UnitCost | None
    margin: int
    price: Price | None
    what_if: WhatIf | None = None


def breakdown(id: str, found: Computed, what_if: WhatIf | None = None) -> CostBreakdown:
    product, sums = found.product, found.breakdown
    price = rules.price_at(sums.cost, product.margin)
    return CostBreakdown(
        id,
        found.version,
        found.position,
        found.basis,
        product.makes,
        tuple(_line(found, line) for line in sums.lines),
        _charges([work.name for work in product.labour], sums.labour, product.currency),
        _charges([rule.name for rule in product.overheads], sums.overheads, product.currency),
        sums.missing,
        told(sums.cost),
        product.margin,
        _price(price),
        what_if,
    )


def _line(found: Computed, line: rules.Line) -> CostLine:
    part = line.component
    material = found.materials.get(part.id)
    name = material.describing.name if material else found.products[part.id].name
    unit = material.unit if material else "piece"
    cost = None if line.parts is None else _shown(line.parts, found.product.currency)
    return CostLine(
        part.kind,
        part.id,
        name,
        unit,
        shown(part.quantity),
        told(line.unit),
        cost,
        found.sources.get(part.id, ()),
    )


def _charges(names: list[str], parts: tuple[int, ...], currency: str) -> tuple[Charge, ...]:
    return tuple(
        Charge(name, _shown(part, currency)) for name, part in zip(names, parts, strict=True)
    )


def _shown(parts: int, currency: str) -> UnitCost:
    return UnitCost.of(rules.shown(parts, currency))


def _price(money: Money | None) -> Price | None:
    return None if money is None else Price.of(money)
