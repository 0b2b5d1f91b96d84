"""When did a position become visible? Asked of Postgres by a process of its own, the same way
for everyone."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import psycopg

from benchmarks.loops import quantile
from benchmarks.work import Figures

PAUSE = 0.0005  # seconds between two looks


class Watch:
    """Looks at one number that grows; knows when it was first seen to have grown."""

    def __init__(self, url: str, question: str) -> None:
        self._command = [sys.executable, "-m", __name__, url, question]
        self._seen: list[tuple[int, float]] = []

    @contextmanager
    def looking(self) -> Iterator["Watch"]:
        child = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)  # noqa: S603
        assert child.stdout
        hearing = threading.Thread(target=self._hear, args=(child.stdout,))
        hearing.start()
        try:
            yield self
        finally:
            child.terminate()
            child.wait()
            hearing.join()

    def _hear(self, lines: IO[str]) -> None:
        for line in lines:
            position, at = line.split()
            self._seen.append((int(position), float(at)))

    def reached(self, position: int, within: float) -> None:
        """Wait until it is that far; TimeoutError after so many seconds."""
        until = time.monotonic() + within
        while not (self._seen and self._seen[-1][0] >= position):
            if time.monotonic() > until:
                raise TimeoutError(f"position {position} is not visible after {within} s")
            time.sleep(0.01)

    def delays(self, appended: dict[int, float]) -> Figures:
        """``appended``: when each position was acknowledged. In milliseconds; what was visible
        before that counts as nothing."""
        waits, at = [], 0
        for position in sorted(appended):
            while self._seen[at][0] < position:
                at += 1
            waits.append(max(0.0, (self._seen[at][1] - appended[position]) * 1000))
        return {"p50": quantile(waits, 0.5), "p99": quantile(waits, 0.99)}


def look(url: str, question: str) -> None:
    """Prints the number and the time, in seconds of the machine's clock, whenever it grew."""
    largest = 0
    with psycopg.connect(url, autocommit=True) as db:
        while True:
            found = db.execute(question.encode(), prepare=True).fetchone()
            position = int(found[0] or 0) if found else 0
            if position > largest:
                largest = position
                print(position, time.perf_counter(), flush=True)
            time.sleep(PAUSE)


if __name__ == "__main__":
    look(*sys.argv[1:])
