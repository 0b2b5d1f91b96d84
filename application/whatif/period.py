"""Which events a report is about."""

from datetime import datetime
from typing import Literal

from domain.kernel import Recorded, Value


class Period(Value):
    """From ``begin`` until before ``end``, None for without bound; by when the log learnt it, or by
    when it happened."""

    begin: datetime | None = None
    end: datetime | None = None
    axis: Literal["recorded", "occurred"] = "recorded"

    def holds(self, recorded: Recorded) -> bool:
        at = recorded.recorded_at if self.axis == "recorded" else recorded.occurred_at
        return (self.begin is None or self.begin <= at) and (self.end is None or at < self.end)
