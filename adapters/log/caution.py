"""When to suppose something, and when rather to look: a supposition that fails costs time."""


class Caution:
    """After each failure in a row of one supposition twice as many batches do without it, up to
    sixty-four."""

    def __init__(self) -> None:
        self._failures = self._left = 0

    @property
    def trusting(self) -> bool:
        """Whether the next batch may suppose it."""
        return self._left <= 0

    def failed(self) -> None:
        self._failures += 1
        self._left = 2 ** min(self._failures, 6)

    def held(self) -> None:
        self._failures = self._left = 0

    def passed(self) -> None:
        """One batch more did without."""
        self._left -= 1
