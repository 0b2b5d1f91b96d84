"""How the log stood when this process last wrote it: the next batch supposes that it still does."""

from collections.abc import Iterable, Sequence

from adapters.log.books import EMPTY, Books
from adapters.log.looking import sequences_of
from adapters.log.requests import Request

MOST = 50_000  # streams, chains and numbers that are remembered


class Standing:
    """``left``: the head's position and time, exactly as they were left."""

    def __init__(self, books: Books) -> None:
        self.left = books.left
        self._chains, self._numbers = dict(books.chains), dict(books.numbers)
        self._versions = {row.stream: row.version for row in books.rows}
        self._clock = books.clock

    def supports(self, batch: Sequence[Request]) -> bool:
        """Whether all that the batch needs to know is known. What is freed must be looked up, and
        the time now and then."""
        return (
            self._clock.fresh
            and not any(request.releases for request in batch)
            and not any(part.expected == EMPTY for request in batch for part in request.parts)
            and all(request.call.tenant in self._chains for request in batch)
            and sequences_of(batch) <= self._numbers.keys()
        )

    def books(self, batch: Sequence[Request]) -> Books:
        """As they are if every stream is where the batch expects it and no name or key is taken."""
        versions = {s: self._versions.get(s, version) for s, version in _expected(batch).items()}
        position, last = self.left
        now = max(self._clock.now(), last)
        return Books(
            self.left, position, now, self._clock, versions, {}, {}, self._numbers, self._chains
        )

    def asserted(self, batch: Sequence[Request], books: Books) -> list[tuple[str, int]]:
        """What the log must confirm, since it is not known here. That a stream is new which the
        books begin, its first version tells."""
        begun = {row.stream for row in books.rows if row.version == 1}
        return sorted(
            (stream, version)
            for stream, version in _expected(batch).items()
            if stream not in self._versions and stream not in begun
        )

    def looked(self, books: Books) -> bool:
        """Take note of what was looked up, and then written; as ``moved``. What was supposed in
        vain is put right, for it has been looked up."""
        self._clock = books.clock
        self._chains |= books.chains
        self._numbers |= books.numbers
        return self.moved(books)

    def moved(self, books: Books) -> bool:
        """Take note of what was written. False when too much is remembered: look again."""
        self.left = books.left
        self._versions |= {row.stream: row.version for row in books.rows}
        return len(self._versions) + len(self._chains) + len(self._numbers) <= MOST


def _expected(batch: Iterable[Request]) -> dict[str, int]:
    """Streams and the versions that the batch expects of them. The first one's word counts: what
    others expect after it, they expect of the batch."""
    found: dict[str, int] = {}
    for request in batch:
        for stream, version in request.asserted:
            found.setdefault(stream, version)
        for part in request.parts:
            found.setdefault(part.stream, part.expected)
    return found
