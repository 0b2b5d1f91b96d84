"""One command's view of the log: what it gathered, decided, and is to append."""

from collections.abc import (
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from datetime import datetime
from functools import reduce
from itertools import islice
from typing import Any, TypeAlias

import msgspec

from application.ports import (
    Answer,
    Append,
    Appended,
    Call,
    Landing,
    Log,
    New,
    Past,
    Receipt,
)
from application.states import State, States
from domain.kernel import Decider, Event, Recorded, context_of

Names: TypeAlias = frozenset[tuple[str, str]]
WEIGHED = 8  # events after which a state is weighed again


def stream_of(tenant: str, decider: Decider, id: str) -> str:
    return f"{tenant}/{context_of(decider)}/{id}"


class _Loaded:
    """A stream as this work sees it: as known or read, then as decided."""

    def __init__(self, decider: Decider, state: State, guessed: bool) -> None:
        self.decider, self.known, self.guessed = decider, state, guessed
        self.version, self.position, self.state = state.version, state.position, state.value
        self.new: list[Any] = []

    def after(self, recorded: Sequence[Recorded], size: int) -> State:
        """``size``: bytes of the events, about."""
        known, state = self.known, self.state
        if any(r.event.SEQUENCE for r in recorded):  # decided without their numbers
            state = reduce(self.decider.evolve, (r.event for r in recorded), known.value)
        last, size = recorded[-1], known.size + size
        if known.version // WEIGHED != last.version // WEIGHED:
            # It need not have grown with its events: most say what is so instead.
            size = len(msgspec.json.encode(state))
        return State(last.version, last.position, state, known.since, size)

    def supposed(self) -> State | None:
        """How it will be once what is new has landed. None: there is nothing new, or its numbers
        are only known then."""
        if not self.new or any(event.SEQUENCE for event in self.new):
            return None
        version = self.version + len(self.new)
        return State(version, self.position, self.state, self.known.since, self.known.size)


class Work:
    """What one command read and decided; it is appended whole or not at all.

    It decides on ``states`` where they have what it needs, unless it is ``cautious``: then it
    reads. ``before``: one under way, which is supposed to have landed. The append fails if what
    was decided on was stale.
    """

    def __init__(
        self,
        log: Log,
        call: Call,
        states: States | None = None,
        cautious: bool = False,
        before: "Work | None" = None,
    ) -> None:
        self._log, self.call, self._states, self._cautious = log, call, states, cautious
        # Not the work itself: each would hold all that went before it.
        self._supposed = before.leads_to() if before else {}
        self._after = before.landing if before else None
        self.landing: Landing | None = None  # where those who follow it are told
        self._loaded: dict[str, _Loaded] = {}
        self._begun: set[str] = set()  # those that were taken to be empty
        self._claims: list[tuple[str, str, str]] = []
        self._releases: list[tuple[str, str, str]] = []

    @property
    def guessed(self) -> bool:
        """Whether anything that it decided on may have been stale."""
        return any(loaded.guessed for loaded in self._loaded.values())

    def forgets(self, moved: Sequence[str]) -> bool:
        """Whether one who decides again would read all of these, who are told to have moved."""
        return bool(moved) and self._begun.isdisjoint(moved)

    @property
    def streams(self) -> Sequence[str]:
        return tuple(self._loaded)

    async def load(self, decider: Decider, id: str) -> Any:
        """The state of one aggregate; the append asserts that it has not moved since."""
        return (await self._at(decider, id)).state

    async def _at(self, decider: Decider, id: str) -> _Loaded:
        stream = stream_of(self.call.tenant, decider, id)
        if (loaded := self._loaded.get(stream)) is None:
            await self._read({stream: decider})
            loaded = self._loaded[stream]
        return loaded

    async def load_all(self, decider: Decider, ids: Iterable[str]) -> dict[str, Any]:
        """Several aggregates of one context in one read, by id."""
        streams = {id: stream_of(self.call.tenant, decider, id) for id in ids}
        await self.gather((decider, id) for id in streams)
        return {id: self._loaded[stream].state for id, stream in streams.items()}

    async def latest(
        self, decider: Decider, kind: type[Event], ids: Iterable[str]
    ) -> dict[str, Recorded]:
        """The last event of that kind of each, by id, as it is now: the append asserts nothing of
        them."""
        streams = {id: stream_of(self.call.tenant, decider, id) for id in ids}
        found = await self._log.latest(self.call.tenant, kind, streams.values()) if streams else {}
        return {id: found[stream] for id, stream in streams.items() if stream in found}

    async def now(self) -> datetime:
        """The log's time: what runs out does so by this one, whichever process decided it."""
        return await self._log.now()

    async def past(self, decider: Decider, ids: Iterable[str]) -> dict[str, list[Recorded]]:
        """All that happened to each of these so far, by id: the append asserts nothing of them."""
        streams = {id: stream_of(self.call.tenant, decider, id) for id in ids}
        found = await self._log.read(self.call.tenant, streams.values()) if streams else {}
        return {id: found.get(stream, []) for id, stream in streams.items()}

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
                self._begun.add(stream)

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
        if (supposed := self._supposed.get(stream)) is not None:
            return supposed
        return None if self._states is None or self._cautious else self._states.get(stream)

    def leads_to(self) -> dict[str, State]:
        """The streams that it writes to, as they will be once it has landed, where that is known
        before."""
        states = {stream: loaded.supposed() for stream, loaded in self._loaded.items()}
        return {stream: state for stream, state in states.items() if state is not None}

    async def decide(self, decider: Decider, id: str, command: Any) -> list[Any]:
        """The command's events, kept for the append. Later decisions see the state they lead to."""
        loaded = await self._at(decider, id)
        events = decider.decide(loaded.state, command)
        for event in events:
            loaded.state = decider.evolve(loaded.state, event)
        loaded.new += events
        return events

    def record(self, decider: Decider, id: str, events: Iterable[Any], state: Any) -> None:
        """Events that were decided elsewhere on the state ``load`` gave; ``state``: after them.
        They are appended in the order of these calls: who undoes them takes the last one first."""
        stream = stream_of(self.call.tenant, decider, id)
        loaded = self._loaded[stream] = self._loaded.pop(stream)
        loaded.state = state
        loaded.new += events

    def claim(self, kind: str, value: str, owner: str) -> None:
        """Take a name that is unique in the tenant; Taken when another owner holds it."""
        self._claims.append((kind, value, owner))

    def release(self, kind: str, value: str, owner: str) -> None:
        self._releases.append((kind, value, owner))

    def rename(self, had: Names, has: Names, owner: str) -> None:
        """Take and release names, given as (kind, value), so that ``owner`` holds what it ``has``
        and no longer what it ``had``."""
        for name in sorted(had - has):
            self.release(*name, owner)
        for name in sorted(has - had):
            self.claim(*name, owner)

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
            self.landing,
            self._after,
        )

    def landed_states(self, appended: Appended) -> Iterator[tuple[str, State]]:
        """The streams' states once the work is in the log, but for those that nothing new is known
        of."""
        recorded = iter(appended.recorded)
        each = appended.size // max(len(appended.recorded), 1)
        for stream, loaded in self._loaded.items():
            if not loaded.new:
                if not loaded.guessed:
                    yield stream, loaded.known
                continue
            mine = list(islice(recorded, len(loaded.new)))
            yield stream, loaded.after(mine, each * len(mine))


def _folded(decider: Decider, past: Past) -> State:
    base = decider.EMPTY if past.base is None else past.base
    state = reduce(decider.evolve, past.events, base)
    return State(past.version, past.position, state, past.since, past.size)
