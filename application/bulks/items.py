"""What a bulk is made of: items, and what their kind knows of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias

from application.ports import Call
from application.work import Work
from domain.bulks import Refusal
from domain.kernel import Decider, Value

Op: TypeAlias = Literal["create", "update", "delete", "undo"]
Name: TypeAlias = tuple[str, str]  # kind and value of a claim


class Item(Value):
    """One change of one aggregate. ``what`` is for its kind to read; ``wrong``: code and detail of
    one that cannot even be tried."""

    id: str
    op: Op
    what: Any = None
    wrong: tuple[str, str] | None = None


class Batch(Value):
    """``owner``: whose items may be changed; None for staff. ``ids``: to be remembered, for what
    the request does not name. ``seen``: how far ``undoes`` had come when the items were told;
    ``running``: and it was to go further. ``stopped_by``: the bulk that stopped it to undo it, and
    has not begun with that."""

    kind: str
    owner: str | None
    items: tuple[Item, ...]
    digest: str = ""
    ids: tuple[str, ...] = ()
    undoes: str | None = None
    seen: int = 0
    running: bool = False
    stopped_by: str | None = None

    @property
    def selection(self) -> str | tuple[str, ...] | None:
        """What a preview of it promises: these items, or whatever the running one comes to."""
        return self.undoes if self.running else self.ids


class Kind(Protocol):
    """What the items are: how they are changed, which names they hold, and how to go back."""

    @property
    def decider(self) -> Decider: ...

    def needs(self, call: Call, items: Iterable[Item]) -> Iterable[tuple[Decider, str]]:
        """Other aggregates that the commands are made with."""
        ...

    def owned(self, state: Any, owner: str | None) -> None:
        """Raises Missing or Forbidden."""
        ...

    async def commands(self, work: Work, item: Item, state: Any) -> Sequence[Any]:
        """What carries the item out. Raises Rejected, Missing, Forbidden."""
        ...

    def names(self, state: Any) -> frozenset[Name]:
        """What one in that state holds and no other may."""
        ...

    def gone(self, state: Any) -> bool:
        """Whether there is none, or it is retired."""
        ...

    async def back(self, work: Work, before: Any, now: Any) -> Sequence[Any]:
        """The commands that make ``now`` what it was ``before``; what was not there is retired.
        Raises Rejected where it can no longer be so."""
        ...

    def shown(self, state: Any) -> Mapping[str, Any]:
        """Its fields as the API names them, JSON inside."""
        ...


class Example(Value):
    """What would change of one item: those fields only. null: it is not there yet."""

    id: str
    op: str
    before: dict[str, Any] | None
    after: dict[str, Any]


class Later(Value):
    """An event that came after the bulk."""

    position: int
    tag: str


class Blocked(Value):
    """An item that somebody has changed since. ``events``: what came after the bulk, 20 at most."""

    id: str
    stream: str
    count: int
    events: tuple[Later, ...]


class Preview(Value):
    """``would``: how many items would be created, updated, deleted, restored, or left
    unchanged. ``refused``, ``blocked``: the first of them."""

    total: int
    would: dict[str, int]
    examples: tuple[Example, ...]
    refused: tuple[Refusal, ...]
    refused_count: int
    blocked: tuple[Blocked, ...] = ()
    blocked_count: int = 0
