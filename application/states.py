"""States in memory: what this process last knew of its streams. Never trusted, only tried."""

from collections import OrderedDict
from typing import Any

from msgspec import Struct

MEMORY = 64 << 20  # bytes, about: by the size of their JSON, see WEIGHT
WEIGHT = 4  # bytes of a state in memory for each byte of its JSON
OVERHEAD = 1_000  # bytes


class State(Struct, frozen=True, gc=False):
    """An aggregate at a version. ``since``: the version it has a snapshot of, or 0.

    ``size``: bytes of its JSON when that was last looked at, and of the events since; of one that
    was just read, bytes of the events, or the snapshot, that it was folded from.
    """

    version: int
    position: int
    value: Any
    since: int
    size: int


class States:
    """The latest states by stream, the longest unused forgotten when they outgrow ``memory``."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory, self._used = memory, 0
        self._states: OrderedDict[str, State] = OrderedDict()

    def get(self, stream: str) -> State | None:
        state = self._states.get(stream)
        if state is not None:
            self._states.move_to_end(stream)
        return state

    def keep(self, stream: str, state: State) -> None:
        """A state older than the one at hand is not kept: it comes from a slower command."""
        known = self._states.get(stream)
        if known is not None:
            if known.version > state.version:
                return
            self._used -= _weight(known)
        self._states[stream] = state
        self._states.move_to_end(stream)
        self._used += _weight(state)
        while self._used > self._memory:
            self._used -= _weight(self._states.popitem(last=False)[1])

    def forget(self, stream: str) -> None:
        if (state := self._states.pop(stream, None)) is not None:
            self._used -= _weight(state)

    def __len__(self) -> int:
        return len(self._states)


def _weight(state: State) -> int:
    return state.size * WEIGHT + OVERHEAD
