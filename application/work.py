"""Gather, decide, append: how every command runs."""

import asyncio
from collections.abc import (
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from functools import reduce
from itertools import islice
from random import random
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from application.ports import (
    Answer,
    Append,
    Appended,
    Call,
    Conflict,
    Forbidden,
    Log,
    Missing,
    New,
    Past,
    Receipt,
    Snapshot,
)
from application.states import State, States
from application.turns import TURN, Turns
from domain.kernel import Decider, Recorded, Rejected, context_of

R = TypeVar("R", bound=Struct)
ATTEMPTS = 60
PAUSE = 0.05  # seconds at the most, and at random, before a command is decided again
SNAPSHOT_EVERY = 100  # events


def stream_of(tenant: str, decider: Decider, id: str) -> str:
    return f"{tenant}/{context_of(decider)}/{id}"


class _Loaded:
    """A stream as this work sees it: as known or read, then as decided."""

    def __init__(self, decider: Decider, state: State, guessed: bool) -> None:
        self.decider, self.known, self.guessed = decider, state, guessed
        self.version, self.position, self.state = state.version, state.position, state.value
        self.new: list[Any] = []

    def after(self, recorded: Sequence[Recorded], size: int) -> State:
        """``size``: bytes of all that was appended with it, which errs on the safe side."""
        known, state = self.known, self.state
        if any(r.event.SEQUENCE for r in recorded):  # decided without their numbers
            state = reduce(self.decider.evolve, (r.event for r in recorded), known.value)
        last = recorded[-1]
        return State(last.version, last.position, state, known.since, known.size + size)


class Work:
    """What one command read and decided; it is appended whole or not at all.

    It decides on ``states`` where they have what it needs, unless it is ``cautious``: then it
    reads. The append fails if what was decided on was stale.
    """

    def __init__(
        self, log: Log, call: Call, states: States | None = None, cautious: bool = False
    ) -> None:
        self._log, self.call, self._states, self._cautious = log, call, states, cautious
        self._loaded: dict[str, _Loaded] = {}
        self._claims: list[tuple[str, str, str]] = []
        self._releases: list[tuple[str, str, str]] = []

    @property
    def guessed(self) -> bool:
        """Whether anything that it decided on may have been stale."""
        return any(loaded.guessed for loaded in self._loaded.values())

    @property
    def streams(self) -> Sequence[str]:
        return tuple(self._loaded)

    async def load(self, decider: Decider, id: str) -> Any:
        """The state of one aggregate; the append asserts that it has not moved since."""
        stream = stream_of(self.call.tenant, decider, id)
        if stream not in self._loaded:
            await self._read({stream: decider})
        return self._loaded[stream].state

    async def load_all(self, decider: Decider, ids: Iterable[str]) -> dict[str, Any]:
        """Several aggregates of one context in one read, by id."""
        streams = {id: stream_of(self.call.tenant, decider, id) for id in ids}
        await self.gather((decider, id) for id in streams)
        return {id: self._loaded[stream].state for id, stream in streams.items()}

    async def gather(self, wanted: Iterable[tuple[Decider, str]]) -> None:
        """Read aggregates of any contexts at once; loading them afterwards reads no more."""
        await self._read({stream_of(self.call.tenant, d, id): d for d, id in wanted})

    def begin(self, *wanted: tuple[Decider, str]) -> None:
        """Streams whose ids this command makes up: they are taken to be empty, unread."""
        if not self._cautious:
            for decider, id in wanted:
                stream = stream_of(self.call.tenant, decider, id)
                empty = State(0, 0, decider.EMPTY, 0, 0)
                self._loaded.setdefault(stream, _Loaded(decider, empty, guessed=True))

    async def _read(self, deciders: Mapping[str, Decider]) -> None:
        """In the order asked for, which is the order of the append."""
        wanted = {s: d for s, d in deciders.items() if s not in self._loaded}
        known = {s: state for s in wanted if (state := self._recalled(s)) is not None}
        unread = [stream for stream in wanted if stream not in known]
        past = await self._log.load(self.call.tenant, unread) if unread else {}
        for stream, decider in wanted.items():
            if guessed := stream in known:
                state = known[stream]
            else:
                state = _folded(decider, past[stream])
            self._loaded[stream] = _Loaded(decider, state, guessed)

    def _recalled(self, stream: str) -> State | None:
        return None if self._states is None or self._cautious else self._states.get(stream)

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

    def landed_states(self, appended: Appended) -> Iterator[tuple[str, State]]:
        """The streams' states once the work is in the log."""
        recorded = iter(appended.recorded)
        for stream, loaded in self._loaded.items():
            if not loaded.new:
                yield stream, loaded.known
                continue
            mine = list(islice(recorded, len(loaded.new)))
            yield stream, loaded.after(mine, appended.size)


def _folded(decider: Decider, past: Past) -> State:
    base = decider.EMPTY if past.base is None else past.base
    state = reduce(decider.evolve, past.events, base)
    return State(past.version, past.position, state, past.since, past.size)


class Stale(Exception):
    """Nothing came of it, but it was decided on what may have been stale."""


REFUSALS = (Rejected, Missing, Forbidden)
Attempt = Callable[[Work], Awaitable[Answer]]


class Commands:
    """Runs commands: queues per stream, decides again after a conflict, replays a known key.

    ``states``: what to remember of the streams between commands; None: nothing.
    ``patience``: seconds that a command waits for its turn.
    """

    def __init__(self, log: Log, states: States | None = None, patience: float = TURN) -> None:
        self._log, self._turns = log, Turns(patience)
        self._states = States() if states is None else states

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
        else:
            async with self._turns.alone(call.tenant, call.key):
                appended = await self._queued(call, attempt, queues)
        return msgspec.json.decode(appended.answer, type=receipt)

    async def peek(self, call: Call, decider: Decider, id: str) -> Any:
        """A state as last known, to learn which queues a command needs: decide on nothing that
        may have changed since."""
        work = Work(self._log, call, self._states)
        state = await work.load(decider, id)
        self._remember(work, Appended((), b""))  # the command that follows need not read it again
        return state

    async def _queued(self, call: Call, attempt: Attempt, queues: Iterable[str]) -> Appended:
        if not queues:
            return await self._attempts(call, attempt)
        async with self._turns.on(queues):
            return await self._attempts(call, attempt)

    async def _attempts(self, call: Call, attempt: Attempt) -> Appended:
        cautious = False
        for left in reversed(range(ATTEMPTS)):
            work = Work(self._log, call, self._states, cautious)
            try:
                return await self._once(work, attempt)
            except Stale:
                cautious = True
            except Conflict as conflict:
                if not left:
                    raise
                self._forget(work, conflict.streams)
                if cautious or not work.guessed:
                    pause = min(PAUSE, 0.002 * (ATTEMPTS - left))
                    await asyncio.sleep(random() * pause)  # noqa: S311
                cautious = True
        raise AssertionError("unreachable")

    async def _once(self, work: Work, attempt: Attempt) -> Appended:
        """Raises Stale when it came to nothing and something it was decided on was a guess."""
        try:
            answer = await attempt(work)
        except REFUSALS:
            if work.guessed:
                raise Stale from None
            # This very request may have been carried out before: then this is no news.
            kept = work.call.key and await self._log.answered(work.call.tenant, work.call.key)
            if not kept:
                raise
            return Appended((), kept, replayed=True)
        append = work.to_append(answer)
        if work.guessed and not append.new and not work.call.key:
            raise Stale  # with a key, the log checks what was only read
        appended = await self._log.append(append)
        if not appended.replayed:
            self._remember(work, appended)
        return appended

    def _remember(self, work: Work, appended: Appended) -> None:
        for stream, state in work.landed_states(appended):
            if state.version - state.since >= SNAPSHOT_EVERY:
                at = (work.call.tenant, stream, state.version, state.position)
                self._log.offer(Snapshot(*at, state.value))
                state = replace(state, since=state.version)
            if state.version:
                self._states.keep(stream, state)

    def _forget(self, work: Work, moved: Iterable[str]) -> None:
        for stream in moved or work.streams:
            self._states.forget(stream)
