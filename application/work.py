"""Gather, decide, append: how every command runs."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import random
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from application.ports import (
    Answer,
    Append,
    Appended,
    Call,
    Conflict,
    Key,
    KeyBusy,
    Log,
    New,
    Receipt,
)
from domain.kernel import Decider, Recorded, Rejected, context_of, fold

R = TypeVar("R", bound=Struct)
ATTEMPTS = 60
PAUSE = 0.05  # seconds at the most, and at random, before a command is decided again
PATIENCE = 10.0  # seconds that a second request waits for the first one of the same key


def stream_of(tenant: str, decider: Decider, id: str) -> str:
    return f"{tenant}/{context_of(decider)}/{id}"


class _Loaded:
    """A stream as this work sees it: as read, then as decided."""

    def __init__(self, version: int, position: int, state: Any) -> None:
        self.version, self.position, self.state = version, position, state
        self.new: list[Any] = []


class Work:
    """What one command read and decided; it is appended whole or not at all."""

    def __init__(self, log: Log, call: Call) -> None:
        self._log, self.call = log, call
        self._loaded: dict[str, _Loaded] = {}
        self._claims: list[tuple[str, str, str]] = []
        self._releases: list[tuple[str, str, str]] = []

    async def load(self, decider: Decider, id: str) -> Any:
        """The state of one aggregate; the append asserts that it has not moved since."""
        return (await self.load_all(decider, [id]))[id]

    async def load_all(self, decider: Decider, ids: Iterable[str]) -> dict[str, Any]:
        """Several aggregates of one context in one read, by id."""
        streams = {id: stream_of(self.call.tenant, decider, id) for id in ids}
        await self.gather((decider, id) for id in streams)
        return {id: self._loaded[stream].state for id, stream in streams.items()}

    async def gather(self, wanted: Iterable[tuple[Decider, str]]) -> None:
        """Read aggregates of any contexts at once; loading them afterwards reads no more."""
        deciders = {stream_of(self.call.tenant, decider, id): decider for decider, id in wanted}
        if unread := [stream for stream in deciders if stream not in self._loaded]:
            read = await self._log.read(self.call.tenant, unread)
            for stream in unread:  # in the order asked for, which is the order of the append
                past = read[stream]
                state = fold(deciders[stream], (r.event for r in past))
                version, position = (past[-1].version, past[-1].position) if past else (0, 0)
                self._loaded[stream] = _Loaded(version, position, state)

    async def decide(self, decider: Decider, id: str, command: Any) -> list[Any]:
        """The command's events, kept for the append. Later decisions see the state they lead to."""
        await self.load(decider, id)
        loaded = self._loaded[stream_of(self.call.tenant, decider, id)]
        events = decider.decide(loaded.state, command)
        for event in events:
            loaded.state = decider.evolve(loaded.state, event)
        loaded.new += events
        return events

    def claim(self, kind: str, value: str, owner: str) -> None:
        """Take a name that is unique in the tenant; Taken when another owner holds it."""
        self._claims.append((kind, value, owner))

    def release(self, kind: str, value: str, owner: str) -> None:
        self._releases.append((kind, value, owner))

    def version(self, decider: Decider, id: str) -> int:
        """The stream's version once this work is appended."""
        loaded = self._loaded[stream_of(self.call.tenant, decider, id)]
        return loaded.version + len(loaded.new)

    def read_position(self) -> int:
        """The last position among the streams read: what a command without news answers with."""
        return max((loaded.position for loaded in self._loaded.values()), default=0)

    def landed(self, recorded: Sequence[Recorded]) -> int:
        """The position to answer with; without news, the one that the decision was read at."""
        return recorded[-1].position if recorded else self.read_position()

    def receipt(self, decider: Decider, id: str) -> Answer:
        """The usual answer: the aggregate, its version, and the position of the append."""
        return lambda recorded: Receipt(id, self.version(decider, id), self.landed(recorded))

    def to_append(self, answer: Answer) -> Append:
        changed = {s: loaded for s, loaded in self._loaded.items() if loaded.new}
        return Append(
            self.call,
            tuple(New(s, loaded.version, tuple(loaded.new)) for s, loaded in changed.items()),
            tuple((s, x.version) for s, x in self._loaded.items() if s not in changed),
            tuple(self._claims),
            tuple(self._releases),
            answer,
        )


Attempt = Callable[[Work], Awaitable[Answer]]


class Commands:
    """Runs commands: replays a known key, queues per stream, decides again after a conflict."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._queues: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: defaultdict[str, int] = defaultdict(int)
        self._running: dict[tuple[str, Key], asyncio.Future[None]] = {}

    async def run(
        self, call: Call, receipt: type[R], attempt: Attempt, queues: Iterable[str] = ()
    ) -> R:
        """Run ``attempt`` until its work is appended; its answer as a ``receipt``.

        ``attempt`` gathers and decides on a fresh Work each time and returns what makes the
        answer from the recorded events. ``queues``: streams that the command will surely write;
        commands to one of them run one after another in this process instead of conflicting.
        """
        if call.key is None:
            appended = await self._queued(call, attempt, queues)
            return msgspec.json.decode(appended.answer, type=receipt)
        async with self._alone(call.tenant, call.key):
            answer = await self._log.answered(call.tenant, call.key)
            if answer is None:
                answer = (await self._queued(call, attempt, queues)).answer
            return msgspec.json.decode(answer, type=receipt)

    async def peek(self, call: Call, decider: Decider, id: str) -> Any:
        """A state as it is now, only to learn which queues a command needs: decide on nothing."""
        return await Work(self._log, call).load(decider, id)

    async def _queued(self, call: Call, attempt: Attempt, queues: Iterable[str]) -> Appended:
        async with AsyncExitStack() as stack:
            for stream in sorted(set(queues)):
                await stack.enter_async_context(self._queue(stream))
            return await self._attempts(call, attempt)

    async def _attempts(self, call: Call, attempt: Attempt) -> Appended:
        for left in reversed(range(ATTEMPTS)):
            work = Work(self._log, call)
            try:
                answer = await attempt(work)
                return await self._log.append(work.to_append(answer))
            except Conflict:
                if not left:
                    raise
                await asyncio.sleep(random() * min(PAUSE, 0.002 * (ATTEMPTS - left)))  # noqa: S311
            except Rejected:
                # Another process may have run this very request meanwhile: then it is no news.
                kept = call.key and await self._log.answered(call.tenant, call.key)
                if not kept:
                    raise
                return Appended((), kept, replayed=True)
        raise AssertionError("unreachable")

    @asynccontextmanager
    async def _queue(self, stream: str) -> AsyncIterator[None]:
        self._waiting[stream] += 1
        try:
            async with self._queues[stream]:
                yield
        finally:
            self._waiting[stream] -= 1
            if not self._waiting[stream]:
                del self._waiting[stream], self._queues[stream]

    @asynccontextmanager
    async def _alone(self, tenant: str, key: Key) -> AsyncIterator[None]:
        """Wait for a running request of the same key; KeyBusy when it takes too long."""
        slot = (tenant, Key(key.principal, key.route, key.key, b""))
        while (first := self._running.get(slot)) is not None:
            try:
                await asyncio.wait_for(asyncio.shield(first), PATIENCE)
            except TimeoutError:
                raise KeyBusy from None
        done = self._running[slot] = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            del self._running[slot]
            done.set_result(None)
