"""What a verification finds, and what it comes to."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

MISSING, EXTRA, CHANGED = "missing", "extra", "changed"


class Difference(NamedTuple):
    """``what``: missing, extra or changed, or a sentence. ``fields``: those that differ."""

    table: str
    tenant: str
    id: str
    what: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = " ".join(filter(None, (self.table, self.tenant, self.id)))
        return f"{place}: {self.what}{' ' if self.fields else ''}{', '.join(self.fields)}"


Found = Callable[[Difference], None]


class Verified(NamedTuple):
    """How much was compared, up to which position of the log. ``states``: those that are kept of
    long streams. ``shelved``: roots that S3 has, None when it was not asked or did not answer."""

    position: int
    tables: int
    rows: int
    counters: int
    states: int = 0
    roots: int = 0
    shelved: int | None = None


class Progress(Protocol):
    def start(self, total: int) -> None: ...
    def advance(self, done: int) -> None: ...


def differing(expected: bytes | None, stored: bytes | None) -> tuple[str, ...]:
    """The fields in which two JSON objects differ; ``body`` when only their spelling does."""
    if expected == stored:
        return ()
    one, other = _object(expected), _object(stored)
    nothing = object()
    names = [n for n in {**one, **other} if one.get(n, nothing) != other.get(n, nothing)]
    return tuple(names) or ("body",)


def _object(text: bytes | None) -> Mapping[str, Any]:
    try:
        found = msgspec.json.decode(text or b"{}")
    except (msgspec.DecodeError, UnicodeError):
        return {}
    return found if isinstance(found, dict) else {}
