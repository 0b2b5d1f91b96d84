"""Callers: closed loops, where each waits for its answer, and paced ones, where nobody does."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Sequence

from benchmarks.work import Figures

WARM = 0.7  # seconds before the measured ones, or as many as are measured if those are fewer
now = time.perf_counter


class Exhausted(Exception):
    """There is nothing left to do the operation on."""


class Span:
    """When the measured seconds begin and end."""

    def __init__(self, seconds: float) -> None:
        self.start = now() + min(WARM, seconds)
        self.end = self.start + seconds


async def closed(
    callers: int, seconds: float, make: Callable[[int], Callable[[], Awaitable[object]]]
) -> Figures:
    """``make(number)`` gives each caller its operation; rate in operations a second, p50 and p99
    in milliseconds."""
    span, took = Span(seconds), list[tuple[float, float]]()

    async def caller(operation: Callable[[], Awaitable[object]]) -> None:
        began = now()
        while began < span.end or not took:
            try:
                await operation()
            except Exhausted:
                return
            took.append((began, now()))
            began = now()

    await asyncio.gather(*(caller(make(number)) for number in range(callers)))
    return summary(span, took)


def closed_threads(
    callers: int, seconds: float, make: Callable[[int], Callable[[], object]]
) -> Figures:
    """The same with a thread for each caller."""
    operations = [make(number) for number in range(callers)]
    span, took, failures = Span(seconds), list[tuple[float, float]](), list[Exception]()

    def caller(operation: Callable[[], object]) -> None:
        began = now()
        try:
            while began < span.end or not took:
                operation()
                took.append((began, now()))
                began = now()
        except Exhausted:
            pass
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=caller, args=(one,)) for one in operations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return summary(span, took)


def summary(span: Span, took: Sequence[tuple[float, float]]) -> Figures:
    """What began and ended within the span; whoever ran out of work early is not held back."""
    inside = [(began, ended) for began, ended in took if began >= span.start and ended <= span.end]
    start = span.start
    if not inside:  # all was done while warming up, or the last one is not done yet
        inside, start = list(took), took[0][0]
    last = max(ended for _, ended in inside)
    exhausted = last < span.end - 0.1
    until = last if exhausted or last > span.end else span.end
    waits = [(ended - began) * 1000 for began, ended in inside]
    rate = len(inside) / (until - start)
    return {"rate": rate, "p50": quantile(waits, 0.5), "p99": quantile(waits, 0.99)}


def quantile(values: Sequence[float], at: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(at * len(ordered)))]


async def paced(rate: float, seconds: float, send: Callable[[], Awaitable[object]]) -> None:
    """Start ``send`` so many times a second, whether or not the earlier ones are answered."""
    began, under_way = now(), set[asyncio.Task[object]]()
    for number in range(int(rate * seconds)):
        if (early := began + number / rate - now()) > 0:
            await asyncio.sleep(early)
        task = asyncio.ensure_future(send())
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        if number % 16 == 0:
            await asyncio.sleep(0)
    await asyncio.gather(*under_way)
