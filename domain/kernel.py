"""The few words every context is written in."""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache, reduce
from typing import Any, ClassVar, Protocol, TypeVar, dataclass_transform
from uuid import UUID

from msgspec import Struct, StructMeta, field
from msgspec.structs import replace

# Of a tenant or a person: one word of subjects and streams, which a dot or a slash would divide.
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Frozen(StructMeta):
    """Tells a type checker what msgspec already does: subclasses stay frozen."""


class Value(Struct, frozen=True, gc=False, metaclass=Frozen):
    """Equal when its parts are equal; never changes, so it is in no cycle that needs collecting."""


V = TypeVar("V", bound=Value)


def but(value: V, **changes: Any) -> V:
    """The same value with some parts changed."""
    return replace(value, **changes)


class Command(Value):
    """An imperative. May be rejected."""


class Event(Value):
    """Something that happened. Its tag is its stored name: never renamed, never reused.

    An event with a ``number`` field names in ``SEQUENCE`` the tenant's sequence that the log
    allots it from, under the same lock as its position; ``decide`` leaves it 0.
    """

    SEQUENCE: ClassVar[str | None] = None
    SCHEMA: ClassVar[int] = 1


class Personal:
    """A person's own data or words: name, phone, e-mail, address, a note.

    Clear in commands and in events on the write side; sealed with the key of its data
    ``subject`` wherever it is stored, and on the read side. When that key is destroyed ``erased``
    is true, ``text`` is empty, and every ``evolve`` must still accept it.
    """

    __slots__ = ("box", "lookup", "stream", "subject", "tag", "text")

    def __init__(
        self,
        subject: str,
        text: str = "",
        box: str | None = None,
        stream: str = "",
        tag: str = "",
        lookup: str = "",
    ) -> None:
        """``subject``: whom it is about, within the tenant. ``box``: the sealed text, base64,
        which only opens as part of the ``stream`` and event ``tag`` that it was sealed for.
        ``lookup``: what it may be found by; when sealed, the tenant's keyed hash of that."""
        self.subject, self.text, self.box = subject, text, box
        self.stream, self.tag, self.lookup = stream, tag, lookup

    @property
    def sealed(self) -> bool:
        return self.box is not None and self.text == ""

    @property
    def erased(self) -> bool:
        return self.box == ERASED

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Personal) and (
            (self.subject, self.text, self.erased) == (other.subject, other.text, other.erased)
            if not (self.sealed or other.sealed)
            else (self.subject, self.box) == (other.subject, other.box)
        )

    def __hash__(self) -> int:
        return hash(self.subject)

    def __repr__(self) -> str:
        """Never the text: a log line must not leak it."""
        return f"Personal({self.subject!r}, …)"


ERASED = "erased"


class Recorded(Value):
    """An event with its envelope: where, when, by whom and why it was written."""

    tenant: str
    stream: str  # <tenant>/<context>/<id>
    version: int  # place in its stream, from 1
    position: int  # place in the whole log, from 1, without gaps
    tag: str
    event_id: UUID
    occurred_at: datetime  # when it happened; may lie in the past (imports)
    recorded_at: datetime  # when the log learnt it; never in the past
    actor: str
    correlation: UUID
    causation: UUID | None
    command_id: UUID
    event: Any

    @property
    def context(self) -> str:
        return self.stream.split("/", 2)[1]

    @property
    def id(self) -> str:
        return self.stream.split("/", 2)[2]


class Rejected(Exception):
    """A rule said no. ``code`` is part of the public API; ``detail`` says why in a sentence."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class Decider(Protocol):
    """What an aggregate's module is: an empty state and two pure functions."""

    EMPTY: Any
    EVENTS: Any
    __name__: str

    def decide(self, state: Any, command: Any, /) -> list[Any]: ...
    def evolve(self, state: Any, event: Any, /) -> Any: ...


def context_of(decider: Decider) -> str:
    """The context's word, which is also the middle of its stream ids and the stem of its tags."""
    return _context(decider.__name__)


@cache
def _context(module: str) -> str:
    return module.split(".")[1]


def fold(decider: Decider, events: Iterable[Any]) -> Any:
    return reduce(decider.evolve, events, decider.EMPTY)
