"""How the log stood when this process last wrote it: the next batch supposes that it still does."""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from adapters.log.books import Books
from adapters.log.requests import Request
from adapters.log.store import sequences_of

MOST = 10_000  # tenants whose chains and numbers are remembered


class Standing:
    """``position``, ``recorded_at``: of the head, exactly as it was left."""

    def __init__(self, books: Books) -> None:
        self.position, self.recorded_at = books.position, books.recorded_at
        self._chains, self._numbers = dict(books.chains), dict(books.numbers)
        self._read = time.monotonic()
        self._clock = books.recorded_at

    def supports(self, batch: Sequence[Request]) -> bool:
        """Whether all that the batch needs to know is known. What is freed must be looked up."""
        return (
            not any(request.releases for request in batch)
            and all(request.call.tenant in self._chains for request in batch)
            and sequences_of(batch) <= self._numbers.keys()
        )

    def books(self, batch: Sequence[Request]) -> Books:
        """As they are if every stream is where the batch expects it and no name or key is taken."""
        versions: dict[str, int] = {}
        for request in batch:
            for stream, version in request.asserted:
                versions.setdefault(stream, version)
            for part in request.parts:
                versions.setdefault(part.stream, part.expected)
        now = max(self._now(), self.recorded_at)
        return Books(self.position, now, versions, {}, {}, self._numbers, self._chains)

    def _now(self) -> datetime:
        """The server's time, as this process's steady clock tells it."""
        return self._clock + timedelta(seconds=time.monotonic() - self._read)

    def moved(self, books: Books) -> bool:
        """Take note of what was written. False when too much is remembered: look again."""
        self.position, self.recorded_at = books.position, books.recorded_at
        return len(self._chains) + len(self._numbers) <= MOST


def asserted_of(batch: Iterable[Request]) -> list[tuple[str, str, int]]:
    """What must not have moved, though nothing is written to it."""
    return sorted(
        {(request.call.tenant, s, version) for request in batch for s, version in request.asserted}
    )
