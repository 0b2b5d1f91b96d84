"""What it says of a context's documents that they can be watched."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.live.change import ID
from entrypoints.caller import Caller
from entrypoints.live.messages import Event
from projections.kernel import Table


@dataclass(frozen=True, eq=False)
class Kind:
    """The documents of one context.

    ``permission``: to watch any; ``resource``: whose ``read_all`` lets one watch anyone's.
    ``unknown``: the code for what is not there, or not theirs to see. ``id``: what stands for one
    in a pattern, which is ``{id}`` unless it is somebody's name. ``filters``: by name the
    token of the change's topic; a column and a field of the document are called the same, and
    hold the user whose it is. ``order``: of a snapshot, newest first; ``where``: what of the table
    is in it; ``shown``: what of that they see who see no ``bin``; ``over``: whether a document has
    left it, so that it is told as gone. ``under``: it is for who sees the document of that kind
    that its field ``by`` names, and a filter that is called so.
    """

    context: str
    table: Table[Any]
    permission: str
    resource: str
    unknown: str
    filters: Mapping[str, int] = field(default_factory=dict)
    order: str = "position DESC, id"
    uuids: bool = True  # ids are
    id: str = "id"
    for_all: bool = False  # whoever has the permission may watch everyone's
    # What is retired or not shown is there for its owner, and for who may do this to anyone's.
    bin: str = ""
    shown: str = "true"
    newest_wins: bool = False
    own: bool = True  # an id or a filter that is the caller's own name lets them watch it
    whole: bool = True  # it can be watched without id or filter
    tiers: bool = False  # a filter is a tier, and whoever is of it may watch
    where: str = "true"
    over: Callable[[bytes], bool] | None = None
    events: tuple[Event, Event] | None = None  # for a new document, for a changed one
    under: "Kind | None" = None
    by: str = "id"

    @property
    def names(self) -> int:
        """The token of a topic that names what its documents are under."""
        return ID if self.by == "id" else self.filters[self.by]

    def open(self, token: int) -> bool:
        """Whoever has the permission may watch anyone's by that token of a topic. What is under
        others is looked at for each of these alone."""
        return self.for_all and (self.under is None or token in (ID, self.names))

    def seen_by(self, caller: Caller) -> bool:
        """All of it, without being whose it is."""
        return caller.sees_all((self.under or self).resource)
