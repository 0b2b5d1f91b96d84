"""Facts at work side by side, that still enter the log one behind the other."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from contextvars import ContextVar

from application.ports import Append, Appended, Conflict, Key, Log
from domain.kernel import Recorded

REMEMBERED = 50_000  # streams


class Turn:
    """A fact's place in the line: it may enter once ``before`` has.

    ``fresh``: streams that the fact begins; they need not be read to know that they are empty.
    """

    def __init__(self, before: "Turn | None" = None, fresh: frozenset[str] = frozenset()) -> None:
        self._before, self._entered = before, asyncio.Event()
        self.fresh, self.cautious = fresh, False

    async def enter(self) -> None:
        """Wait for it. Entering again, after a conflict, waits no more."""
        if self._before is not None:
            await self._before._entered.wait()
            self._before = None  # or the whole line would stay in memory

    def leave(self) -> None:
        self._entered.set()


TURN: ContextVar[Turn] = ContextVar("turn")


class Turnstile:
    """A log that hands appends over in the order of their turns, without awaiting each outcome.

    It remembers what it wrote, so most facts read nothing. What it remembers may be stale, as
    policies write too: then the append conflicts, and the fact is decided again on what is there.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._streams: OrderedDict[str, list[Recorded]] = OrderedDict()

    async def read(self, tenant: str, streams: Iterable[str]) -> dict[str, list[Recorded]]:
        turn, wanted = TURN.get(), list(streams)
        if turn.cautious:
            self._forget(wanted)
        known = {s: past for s in wanted if (past := self._recalled(turn, s)) is not None}
        if unknown := [stream for stream in wanted if stream not in known]:
            for stream, past in (await self._log.read(tenant, unknown)).items():
                known[stream] = self._streams[stream] = past
        return {stream: known[stream] for stream in wanted}

    def _recalled(self, turn: Turn, stream: str) -> list[Recorded] | None:
        if (past := self._streams.get(stream)) is not None:
            self._streams.move_to_end(stream)
            return past
        return [] if stream in turn.fresh and not turn.cautious else None

    async def append(self, append: Append) -> Appended:
        turn = TURN.get()
        await turn.enter()
        handed_over = asyncio.create_task(self._log.append(append))
        await asyncio.sleep(0)  # it is queued now: the next one comes behind it
        turn.leave()
        try:
            appended = await handed_over
        except Conflict:
            turn.cautious = True
            raise
        self._remember(append, appended)
        return appended

    def _remember(self, append: Append, appended: Appended) -> None:
        if appended.replayed:
            self._forget(new.stream for new in append.new)
        for recorded in appended.recorded:
            past = self._streams.get(recorded.stream, [])
            if recorded.version == len(past) + 1:
                self._streams[recorded.stream] = [*past, recorded]
        while len(self._streams) > REMEMBERED:
            self._streams.popitem(last=False)

    def _forget(self, streams: Iterable[str]) -> None:
        for stream in streams:
            self._streams.pop(stream, None)

    async def answered(self, tenant: str, key: Key) -> bytes | None:
        """Only facts that were looked up and found to be new come here; if two imports run the
        same one at once, the append finds out."""
        return None
