"""Appends that wait to be written, in the order in which they came."""

from collections import deque
from collections.abc import Callable

from adapters.log.requests import Request

LARGEST_BATCH = 256  # appends
FULLEST_BATCH = 4_000  # events
CROWD = 16  # appends under way from which on they are written by halves
Batch = list[Request]


class Waiting(deque[Request]):
    def __init__(self) -> None:
        super().__init__()
        self._answered = 0  # by the last batch

    def next(self, *, halves: bool) -> Batch:
        """All, or half of those who take part, where there are many: while one half is being
        written, the other, just answered, decides what comes next."""
        crowd = len(self) + self._answered
        most = -(-crowd // 2) if halves and crowd >= CROWD else crowd
        return self._taken([], min(LARGEST_BATCH, most))

    def join(self, batch: Batch, fits: Callable[[Batch], bool]) -> None:
        """Take along who came since the batch was taken, up to the first that does not fit."""
        self._taken(batch, LARGEST_BATCH, fits)

    def _taken(self, batch: Batch, most: int, fits: Callable[[Batch], bool] = bool) -> Batch:
        size = sum(request.size for request in batch)
        while self and len(batch) < most and size < FULLEST_BATCH and fits([self[0]]):
            batch.append(self.popleft())
            size += batch[-1].size
        self._answered = len(batch)
        return batch
