"""How every command runs: in its turn, again after a conflict, once for each key."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from random import random
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from application.ports import (
    Answer,
    Appended,
    Call,
    Conflict,
    Forbidden,
    Landing,
    Log,
    Missing,
    Outdated,
    Snapshot,
)
from application.states import States
from application.turns import TURN, Turns
from application.work import Work, stream_of
from domain.kernel import Decider, Event, Recorded, Rejected

R = TypeVar("R", bound=Struct)
T = TypeVar("T")
ATTEMPTS = 60
PAUSE = 0.05  # seconds at the most, and at random, before a command is decided again
SNAPSHOT_EVERY = 100  # events


class Stale(Exception):
    """Nothing came of it, but it was decided on what may have been stale."""


REFUSALS = (Rejected, Missing, Forbidden, Outdated)
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

    async def follow(
        self, call: Call, receipt: type[R], attempt: Attempt, before: Work | None
    ) -> R:
        """Run ``attempt`` once, out of turn, as if ``before`` had landed that is still under way.
        Not for calls with a key: nobody waits here for another of the same.

        ``before`` has been followed like this one. Raises Conflict when it does not land, or
        whatever this was decided on was stale."""
        work = Work(self._log, call, self._states, before=before)
        work.landing = Landing()
        try:
            appended = await self._once(work, attempt)
        except Stale:
            raise Conflict(*work.streams) from None
        except Conflict as conflict:
            self._forget(work, conflict.streams)
            raise
        return msgspec.json.decode(appended.answer, type=receipt)

    async def peek(self, call: Call, decider: Decider, id: str) -> Any:
        """A state as last known, to learn which queues a command needs: decide on nothing that
        may have changed since."""
        work = Work(self._log, call, self._states)
        state = await work.load(decider, id)
        self._remember(work, Appended((), b""))  # the command that follows need not read it again
        return state

    async def known(self, call: Call, receipt: type[R]) -> R | None:
        """What this request was answered before, for who takes several steps to an answer that
        ``run`` keeps at last. Raises KeyReused."""
        kept = call.key and await self._log.answered(call.tenant, call.key)
        return msgspec.json.decode(kept, type=receipt) if kept else None

    async def look(self, call: Call, attempt: Callable[[Work], Awaitable[T]]) -> T:
        """What ``attempt`` finds in the log as it is now, for who decides on nothing."""
        return await attempt(Work(self._log, call))

    async def past(
        self, call: Call, decider: Decider, ids: Iterable[str]
    ) -> dict[str, list[Recorded]]:
        """All that happened to each of these so far, by id, for who decides on nothing."""
        return await Work(self._log, call).past(decider, ids)

    async def occurred(
        self, call: Call, decider: Decider, id: str, kinds: Iterable[type[Event]], after: datetime
    ) -> bool:
        """Whether anything of these kinds has happened to it after that moment."""
        stream = stream_of(call.tenant, decider, id)
        return await self._log.occurred(call.tenant, stream, kinds, after)

    async def _queued(self, call: Call, attempt: Attempt, queues: Iterable[str]) -> Appended:
        if not queues:
            return await self._attempts(call, attempt)
        async with self._turns.on(queues):
            return await self._attempts(call, attempt)

    async def _attempts(self, call: Call, attempt: Attempt) -> Appended:
        cautious = again = False
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
                # Those that moved are told, and are forgotten: the others need not be read again.
                cautious, again = again or not work.forgets(conflict.streams), True
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
