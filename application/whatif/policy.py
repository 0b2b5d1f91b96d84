"""Policies: what is taken of a sale, and what goods are taken to cost.

The books know neither tax nor commission: what is paid is revenue. They value materials by the
basis that the tenant had chosen by then.
"""

from typing import Annotated

from msgspec import Meta

from domain.costs import Basis
from domain.kernel import Value
from domain.money import rounded

Points = Annotated[int, Meta(ge=0, le=10_000)]  # ten-thousandths


class _Part(Value, forbid_unknown_fields=True):
    pass


class Commission(_Part):
    """Of what is left without tax; ``sellers``: those with another rate."""

    basis_points: Points = 0
    sellers: dict[str, Points] = {}

    def of(self, seller: str) -> int:
        return self.sellers.get(seller, self.basis_points)


class Tax(_Part):
    """``included``: in the prices as they are; else the buyer pays it on top."""

    basis_points: Annotated[int, Meta(ge=0, le=100_000)]
    included: bool = True


class CostBasis(_Part):
    basis: Basis


class Policy(_Part):
    """A part that is None is as in the books."""

    commission: Commission | None = None
    tax: Tax | None = None
    cost: CostBasis | None = None

    def charged(self, seller: str, paid: int) -> tuple[int, int, int]:
        """What comes in for an order, and of that tax and commission; minor units. ``paid``: by the
        books, less what was paid back. Each is rounded once for the order as it stands, so what is
        paid back in parts leaves nothing behind."""
        revenue, tax = paid, 0
        if self.tax is not None:
            points = self.tax.basis_points
            tax = rounded(paid * points, 10_000 + (points if self.tax.included else 0))
            revenue += 0 if self.tax.included else tax
        points = self.commission.of(seller) if self.commission else 0
        return revenue, tax, rounded((revenue - tax) * points, 10_000)


BOOKS = Policy()
