"""How the log stood when this process last wrote it: the next batch supposes that it still does."""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from adapters.log.books import EMPTY, Books
from adapters.log.requests import Request
from adapters.log.store import sequences_of

MOST = 50_000  # streams, chains and numbers that are remembered


class Standing:
    """``left``: the head's position and time, exactly as they were left."""

    def __init__(self, books: Books) -> None:
        self.left = books.left
        self._chains, self._numbers = dict(books.chains), dict(books.numbers)
        self._versions = {row.stream: row.version for row in books.rows}
        self._read = time.monotonic()
        self._clock = books.recorded_at

    def supports(self, batch: Sequence[Request]) -> bool:
        """Whether all that the batch needs to know is known. What is freed must be looked up."""
        return (
            not any(request.releases for request in batch)
            and not any(part.expected == EMPTY for request in batch for part in request.parts)
            and all(request.call.tenant in self._chains for request in batch)
            and sequences_of(batch) <= self._numbers.keys()
        )

    def books(self, batch: Sequence[Request]) -> Books:
        """As they are if every stream is where the batch expects it and no name or key is taken."""
        versions: dict[str, int] = {}
        for stream, version in _expected(batch):
            versions.setdefault(stream, self._versions.get(stream, version))
        position, last = self.left
        now = max(self._now(), last)
        return Books(self.left, position, now, versions, {}, {}, self._numbers, self._chains)

    def _now(self) -> datetime:
        """The server's time, as this process's steady clock tells it."""
        return self._clock + timedelta(seconds=time.monotonic() - self._read)

    def asserted(self, batch: Sequence[Request]) -> list[tuple[str, int]]:
        """What the log must confirm, since it is not known here. That a new stream is new, its
        first version tells."""
        return sorted(
            {
                (stream, version)
                for stream, version in _expected(batch)
                if stream not in self._versions
            }
            - {(part.stream, 0) for request in batch for part in request.parts}
        )

    def looked(self, books: Books) -> bool:
        """Take note of what was looked up, and then written; as ``moved``. What was supposed in
        vain is put right, for it has been looked up."""
        self._chains |= books.chains
        self._numbers |= books.numbers
        return self.moved(books)

    def moved(self, books: Books) -> bool:
        """Take note of what was written. False when too much is remembered: look again."""
        self.left = books.left
        self._versions |= {row.stream: row.version for row in books.rows}
        return len(self._versions) + len(self._chains) + len(self._numbers) <= MOST


def _expected(batch: Iterable[Request]) -> Iterator[tuple[str, int]]:
    """Streams and the versions that the batch expects of them; the first one's word counts."""
    for request in batch:
        yield from request.asserted
        for part in request.parts:
            yield part.stream, part.expected
