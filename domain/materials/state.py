"""What there is of a material, and what it has cost."""

from domain.costs import Cost
from domain.kernel import Rejected, Value
from domain.materials.words import Describing, Measuring
from domain.quantities import PLACES, Amount


class Material(Value):
    """``owner`` is empty while there is none; quantities are thousandths of ``unit``."""

    owner: str = ""
    describing: Describing = Describing("", "")
    unit: str = ""
    currency: str = ""
    measuring: Measuring = Measuring()
    sku: str | None = None
    stock: int = 0
    average: Cost | None = None
    last: Cost | None = None
    standard: Cost | None = None
    threshold: int | None = None
    retired: bool = False
    purged: bool = False

    @property
    def exists(self) -> bool:
        return self.owner != ""

    @property
    def low(self) -> bool:
        return self.threshold is not None and self.stock < self.threshold

    def quantity(self, amount: Amount) -> int:
        """In thousandths of its own unit. Rejects another unit, and what is finer than that."""
        factors = {c.unit: c.factor for c in self.measuring.conversions}
        factors |= dict.fromkeys(("", self.unit), 10**PLACES)
        if amount.unit not in factors:
            raise Rejected(
                "materials.unknown_unit", f"it comes in {', '.join(filter(None, factors))}"
            )
        if (exact := amount.times(factors[amount.unit])) is None:
            raise Rejected("materials.quantity_too_fine", f"a thousandth of {self.unit} at least")
        return exact
