"""Which fold a question about the past needs, and what there is of it."""

from datetime import datetime

from msgspec import Struct

from adapters.asof.points import Point
from adapters.projector.tables import shape_of
from projections.kernel import Projection


class Wanted(Struct, frozen=True):
    """One tenant's part of one projection, folded up to a point by today's code."""

    tenant: str
    projection: str
    version: int
    shape: str
    position: int
    until: datetime | None

    @classmethod
    def of(cls, tenant: str, name: str, projection: Projection, point: Point) -> "Wanted":
        shape = shape_of(projection)
        return cls(tenant, name, projection.VERSION, shape, point.position, point.until)

    @property
    def name(self) -> str:
        """What must not be folded twice at once. By time of occurrence it is the same wherever the
        log has come to meanwhile: or whoever asks again would never find it done."""
        upto = self.position if self.until is None else self.until.isoformat()
        return f"souk-as-of {self.tenant} {self.projection} {self.version} {self.shape} {upto}"


class Fold(Struct, frozen=True):
    """A projection's tables as folded up to some point. ``last``: the position of its last event;
    ``through``: up to there it lacks nothing. ``events``, ``took``: how many were folded to make
    it, in how many milliseconds, from the fold that it began with."""

    id: str
    until: datetime | None
    last: int
    through: int
    parked: list[str]
    events: int
    took: float


class Folding(Exception):
    """It is not folded yet, and goes on. ``events`` of ``total`` are; ``seconds``: an estimate of
    what is left."""

    def __init__(self, events: int, total: int, seconds: float) -> None:
        super().__init__(f"{events} of {total} events are folded")
        self.events, self.total, self.seconds = events, total, seconds
