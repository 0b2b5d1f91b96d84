"""What a check finds, and what it comes to."""

from msgspec import MsgspecError, Struct

from adapters.log.codec import Undecodable

# Whatever is raised of bytes that somebody made up.
UNREADABLE = (MsgspecError, Undecodable, ValueError, KeyError, TypeError, RecursionError)
MOST = 100  # that are told one by one; the others are counted


class Fault(Struct, frozen=True, omit_defaults=True):
    """``file``: of the bundle, or of a root that was kept. ``position``, ``stream``: of the event;
    ``field``: what of it is wrong; ``line``: of the file, from 1."""

    file: str
    what: str
    position: int | None = None
    stream: str = ""
    field: str = ""
    line: int | None = None

    def __str__(self) -> str:
        places = [
            self.file,
            "" if self.line is None else f"line {self.line}",
            "" if self.position is None else f"position {self.position}",
            self.stream,
            self.field,
        ]
        return f"{' '.join(filter(None, places))}: {self.what}"


class Faults:
    """The first hundred, and how many there are."""

    def __init__(self) -> None:
        self.first: list[Fault] = []
        self.number = 0

    def tell(self, fault: Fault) -> None:
        self.number += 1
        if len(self.first) < MOST:
            self.first.append(fault)


class Report(Struct, frozen=True, kw_only=True):
    """``signed``: roots that a known key signed, out of ``roots``; ``keys``: the ids of those keys.
    ``kept``: roots that the auditor brought. ``covered``: up to this position every event is under
    a root; ``proven``: up to this one under a root that the auditor brought, or that a key signed
    which he brought. ``figures``: how many were recomputed. ``whole``: no fault was found."""

    tenant: str = ""
    first: int = 0
    last: int = 0
    events: int = 0
    streams: int = 0
    roots: int = 0
    signed: int = 0
    keys: tuple[str, ...] = ()
    kept: int = 0
    covered: int = 0
    proven: int = 0
    figures: int = 0
    whole: bool = False
    faults: int = 0
    found: tuple[Fault, ...] = ()
