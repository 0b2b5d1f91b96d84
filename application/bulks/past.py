"""What a bulk has written, and what has come after it."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from application.bulks.items import Blocked, Kind, Later
from application.commands import Commands
from application.ports import Call, Ledger
from domain import bulks
from domain.bulks import Advanced, Bulk, Started
from domain.kernel import Recorded, fold

SHOWN = 20  # later events of one item


class Run:
    """One bulk's own part of the log: what stands next to each of its ``bulks.advanced``."""

    def __init__(self, commands: Commands, call: Call, kind: Kind, own: Sequence[Recorded]) -> None:
        self._commands, self._call, self._kind = commands, call, kind
        self.bulk: Bulk = fold(bulks, (recorded.event for recorded in own))
        self.spans = spans(own)

    async def ids(self, ledger: Ledger) -> tuple[str, ...]:
        """The items that it has written to, in its order."""
        return await ledger.written(self._call.tenant, self.spans)

    async def pasts(self, ids: Sequence[str]) -> dict[str, list[Recorded]]:
        return await self._commands.past(self._call, self._kind.decider, ids)

    def before(self, id: str, past: Sequence[Recorded]) -> tuple[Any, Blocked | None]:
        """The state that the bulk met, and what others have written since."""
        first = next((n for n, r in enumerate(past) if self._own(r.position)), len(past))
        later = [r for r in past[first:] if not self._own(r.position)]
        before = fold(self._kind.decider, (r.event for r in past[:first]))
        if not later:
            return before, None
        shown = tuple(Later(r.position, r.tag) for r in later[:SHOWN])
        return before, Blocked(id, later[0].stream, len(later), shown)

    def _own(self, position: int) -> bool:
        place = bisect_right(self.spans, (position, 2**63)) - 1
        return place >= 0 and self.spans[place][0] <= position <= self.spans[place][1]


def spans(own: Sequence[Recorded]) -> list[tuple[int, int]]:
    """First and last position of what each chunk wrote. In an append the bulk's own events come
    first, and the last chunk's are two."""
    total, found = 0, list[tuple[int, int]]()
    for recorded in own:
        match recorded.event:
            case Started(total=total):
                pass
            case Advanced(upto=upto, events=events) if events:
                first = recorded.position + 1 + (upto == total)
                found.append((first, first + events - 1))
    return found
