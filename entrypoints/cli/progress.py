"""Progress of long work: a bar on a terminal, plain lines elsewhere; both on standard error."""

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

EVERY = 5.0  # seconds between plain lines


class Bar:
    """``with Bar("importing") as bar``: ``start(total)`` once, then ``advance(done)``."""

    def __init__(self, what: str) -> None:
        self._what, self._console = what, Console(stderr=True)
        self._total = self._done = 0
        self._said_at = time.monotonic()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._bar = Progress(*columns, TimeRemainingColumn(), console=self._console)
        self._task = self._bar.add_task(what, total=None)

    def __enter__(self) -> "Bar":
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._bar.stop()
        else:
            self._say()

    def start(self, total: int) -> None:
        self._total = total
        self._bar.update(self._task, total=total)

    def advance(self, done: int) -> None:
        self._done += done
        self._bar.advance(self._task, done)
        if not self._console.is_terminal and time.monotonic() - self._said_at > EVERY:
            self._say()

    def note(self, line: str) -> None:
        """A line beside the bar."""
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _say(self) -> None:
        self._said_at = time.monotonic()
        self.note(f"{self._what}: {self._done} of {self._total}")
