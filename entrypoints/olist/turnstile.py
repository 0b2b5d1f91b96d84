"""Facts enter the log one behind the other, none waiting for the commit of those before it."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Sequence
from contextvars import ContextVar
from datetime import datetime
from uuid import UUID

from application.commands import Attempt, Commands
from application.ports import Append, Appended, Call, Key, Log, New, Past, Snapshot
from domain.kernel import Event, Recorded

REMEMBERED = 50_000  # streams
GROUP = 48  # appends in one commit
DELAY = 0.02  # seconds that an append waits for others at the most


class Turn:
    """A fact's time to decide and enter; the next one's comes when it has ``left``.

    ``fresh``: streams that the fact begins: they need not be read to know that they are empty.
    ``before``: the facts whose outcome it was decided on, while they are not ``over``.
    """

    def __init__(
        self, fresh: frozenset[str] = frozenset(), before: Collection["Turn"] = ()
    ) -> None:
        self.fresh, self._before = fresh, before
        self.left, self.over, self.cautious = asyncio.Event(), asyncio.Event(), False
        self._command: UUID | None = None
        self._written = frozenset[str]()

    def handed_over(self, append: Append) -> None:
        self._command = append.call.command_id
        self._written = frozenset(new.stream for new in append.new)

    @property
    def awaits(self) -> bool:
        return any(not turn.over.is_set() for turn in self._before)

    def awaited_in(self, stream: str, past: Sequence[Recorded]) -> bool:
        """Whether the past lacks what a fact before this one had written and must write again."""
        return any(
            stream in turn._written and all(r.command_id != turn._command for r in reversed(past))
            for turn in self._before
            if not turn.over.is_set()
        )

    async def settled(self) -> None:
        for turn in self._before:
            await turn.over.wait()
        self._before = ()


TURN: ContextVar[Turn] = ContextVar("turn")


class Line(Commands):
    """Commands whose order the turns keep: no queues of their own."""

    async def _queued(self, call: Call, attempt: Attempt, queues: Iterable[str]) -> Appended:
        return await self._attempts(call, attempt)


class Turnstile:
    """The log, with what was handed over to it counted as written.

    So a sale's settlement is decided and queued while the sale is being committed. Should the
    sale be refused there, or a policy have written meanwhile, then the settlement conflicts; it
    is decided again, cautiously: on what is in the log once all before it is known.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._streams: OrderedDict[str, list[Recorded]] = OrderedDict()
        self._pending: Counter[str] = Counter()
        self._boarding: list[asyncio.Future[None]] = []

    async def load(self, tenant: str, streams: Iterable[str]) -> dict[str, Past]:
        return {stream: _past(past) for stream, past in (await self.read(tenant, streams)).items()}

    def offer(self, snapshot: Snapshot) -> None:
        """History is read once: what is remembered here is enough."""

    async def read(self, tenant: str, streams: Iterable[str]) -> dict[str, list[Recorded]]:
        turn, wanted = TURN.get(), list(streams)
        if turn.cautious:
            await turn.settled()
            self._forget(wanted)
        known = self._known(turn, wanted)
        if turn.awaits and len(known) < len(wanted):
            # A fact before this one is being decided again: the log does not have it yet.
            await turn.settled()
            known = self._known(turn, wanted)
        if unknown := [stream for stream in wanted if stream not in known]:
            for stream, past in (await self._log.read(tenant, unknown)).items():
                known[stream] = self._streams[stream] = past
        return {stream: known[stream] for stream in wanted}

    async def latest(
        self, tenant: str, kind: type[Event], streams: Iterable[str]
    ) -> dict[str, Recorded]:
        """Out of what is in the log or handed over."""
        past = await self.read(tenant, streams)
        lasts = {s: [r for r in found if type(r.event) is kind] for s, found in past.items()}
        return {stream: found[-1] for stream, found in lasts.items() if found}

    async def occurred(
        self, tenant: str, stream: str, kinds: Iterable[type[Event]], after: datetime
    ) -> bool:
        """Out of what is in the log or handed over."""
        past, wanted = (await self.read(tenant, [stream]))[stream], tuple(kinds)
        return any(type(r.event) in wanted and r.occurred_at > after for r in past)

    async def now(self) -> datetime:
        return await self._log.now()

    def _known(self, turn: Turn, wanted: Iterable[str]) -> dict[str, list[Recorded]]:
        return {s: past for s in wanted if (past := self._recalled(turn, s)) is not None}

    def _recalled(self, turn: Turn, stream: str) -> list[Recorded] | None:
        past = self._streams.get(stream)
        if past is not None and not turn.awaited_in(stream, past):
            self._streams.move_to_end(stream)
            return past
        return [] if past is None and stream in turn.fresh and not turn.cautious else None

    async def append(self, append: Append) -> Appended:
        turn, gate = TURN.get(), self._boarded()
        self._remember(append)
        turn.handed_over(append)
        turn.left.set()
        try:
            await gate  # opened in the order of the turns
            appended = await self._log.append(append)
        except BaseException:
            turn.cautious = True
            self._forget(new.stream for new in append.new)
            raise
        finally:
            self._settle(append.new)
        return appended

    def _boarded(self) -> asyncio.Future[None]:
        """Appends leave for the log in groups, for one commit each."""
        loop = asyncio.get_running_loop()
        self._boarding.append(gate := loop.create_future())
        if len(self._boarding) == GROUP:
            loop.call_soon(self._depart)  # not at once: the last one would overtake the others
        elif len(self._boarding) == 1:
            loop.call_later(DELAY, self._depart)
        return gate

    def _depart(self) -> None:
        group, self._boarding = self._boarding, []
        for gate in group:
            if not gate.done():  # its import was stopped
                gate.set_result(None)

    def _remember(self, append: Append) -> None:
        self._pending.update(new.stream for new in append.new)
        for new in append.new:
            past = self._streams.get(new.stream, [])
            if len(past) == new.expected:
                self._streams[new.stream] = [*past, *_expected(append.call, new)]
        while len(self._streams) > REMEMBERED:
            self._streams.popitem(last=False)

    def _settle(self, appended: Iterable[New]) -> None:
        """Stock is also written by policies, so it is remembered no longer than need be."""
        for new in appended:
            self._pending[new.stream] -= 1
            if not self._pending[new.stream]:
                del self._pending[new.stream]
                if "/inventory/" in new.stream:
                    self._streams.pop(new.stream, None)

    def _forget(self, streams: Iterable[str]) -> None:
        for stream in streams:
            self._streams.pop(stream, None)

    async def answered(self, tenant: str, key: Key) -> bytes | None:
        """A fact comes here only if it was looked up and found to be new. Should another import
        have done it since, then it went wrong at first, and is cautious now."""
        return await self._log.answered(tenant, key) if TURN.get().cautious else None


def _past(past: Sequence[Recorded]) -> Past:
    version, position = (past[-1].version, past[-1].position) if past else (0, 0)
    return Past(version, position, [r.event for r in past])


def _expected(call: Call, new: New) -> list[Recorded]:
    """The events as they will be recorded, but for what only the log can tell."""
    at = call.occurred_at
    assert at is not None, "history has its own times"
    return [
        Recorded(
            tenant=call.tenant,
            stream=new.stream,
            version=version,
            position=0,
            tag="",
            event_id=call.command_id,
            occurred_at=at,
            recorded_at=at,
            actor=call.actor,
            correlation=call.correlation,
            causation=None,
            command_id=call.command_id,
            event=event,
        )
        for version, event in enumerate(new.events, new.expected + 1)
    ]
