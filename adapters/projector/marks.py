"""What a pushed change is told to follow, so that whoever gets it notices one that is missing."""

from collections.abc import Sequence
from typing import NamedTuple

from adapters.projector.changes import Kept

HEADER = "Souk-Change"


class Mark(NamedTuple):
    """In a message's header: `<projection> <seq> <previous> <flags>`.

    ``previous``: no change of the projection is between that seq and this one. ``more``: the next
    is of the same position. ``first``, ``late``: as in read.changes.
    """

    projection: str
    seq: int
    previous: int
    more: bool = False
    first: bool = False
    late: bool = False

    def __str__(self) -> str:
        flags = "".join(c for c, on in zip("mfl", self[3:], strict=True) if on) or "-"
        return f"{self.projection} {self.seq} {self.previous} {flags}"

    @classmethod
    def parse(cls, text: str) -> "Mark":
        """ValueError when it is none. Flags that are not known mean nothing."""
        projection, seq, previous, flags = text.split(" ")
        more, first, late = (c in flags for c in "mfl")
        return cls(projection, int(seq), int(previous), more, first, late)


class Marks:
    """Made by a relay, window by window. Rows without a topic are told to nobody."""

    def __init__(self) -> None:
        self._ends: dict[str, tuple[int, int]] = {}  # of what was sent: its last seq, last mark's
        self._last: dict[str, int] = {}  # mark's seq up to the end of the window at hand

    def of(
        self, projection: str, seq: int, window: Sequence[Kept], following: Kept | None
    ) -> list[tuple[Kept, Mark]]:
        """Those of a window behind ``seq``; ``following``: the row after it."""
        end, told = self._ends.get(projection, (0, 0))
        previous = told if end == seq else seq  # some other relay sent what is between
        marked = []
        for change, after in zip(window, [*window, following][1:], strict=True):
            if change.topic:
                more = after is not None and _together(change, after)
                flags = more, change.first, change.late
                marked.append((change, Mark(projection, change.seq, previous, *flags)))
                previous = change.seq
        self._last[projection] = previous
        return marked

    def sent(self, projection: str, seq: int) -> None:
        """The window up to ``seq``, which was the last to be marked, need not be sent again."""
        self._ends[projection] = seq, self._last[projection]


def _together(change: Kept, after: Kept) -> bool:
    return bool(after.topic) and after.position == change.position
