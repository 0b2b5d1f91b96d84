"""What a job is told and tells: an order with its limits, and a report of the parts it made."""

from msgspec import Struct

from adapters.media.verdict import Kind

LONGEST = 65536  # bytes of an order or a report
SOURCE, SPOOL, REPORT = 3, 4, 5  # the descriptors a job has, besides nothing at 0, 1 and 2


UNCONFINED = 70  # the status of a job that could not be confined, and so did nothing


class Limits(Struct, frozen=True):
    """``memory``: bytes; ``cpu`` and ``wall``: seconds; ``written``: bytes of all renditions.

    The wall is several times as high as the rest needs: a source is too slow by what it takes of
    the processor, not because others have that.
    """

    memory: int = 488 * 1024**2
    cpu: int = 30
    wall: float = 120.0
    written: int = 64 * 1024**2


class Order(Struct, frozen=True):
    kind: Kind
    format: str
    crop: tuple[int, int, int, int] | None
    limits: Limits


class Part(Struct, frozen=True):
    """A rendition within the spool. ``offset`` and ``size``: bytes."""

    name: str
    format: str
    width: int
    height: int
    offset: int
    size: int


class Made(Struct, frozen=True, tag="made"):
    width: int
    height: int
    duration: float | None
    frames: int
    parts: tuple[Part, ...]


class Refusal(Struct, frozen=True, tag="refusal"):
    code: str
    detail: str


class Ended(Struct, frozen=True, tag="ended"):
    """Said for a job that died without a word. ``status``: its own, or less than 0: a signal;
    ``late``: its time was up, on the clock or of the processor."""

    status: int
    late: bool


Report = Made | Refusal | Ended
