"""What it says of a context's documents that they can be watched."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

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
    left it, so that it is told as gone.
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
    bin: bool = False  # what is retired or not shown is there for its owner and for staff only
    shown: str = "true"
    newest_wins: bool = False
    own: bool = True  # an id or a filter that is the caller's own name lets them watch it
    whole: bool = True  # it can be watched without id or filter
    tiers: bool = False  # a filter is a tier, and whoever is of it may watch
    where: str = "true"
    over: Callable[[bytes], bool] | None = None
    events: tuple[Event, Event] | None = None  # for a new document, for a changed one
