"""A bulk's chunks, each an append; the next is decided while this one is being written."""

import asyncio
from itertools import count

from application.bulks.deciding import Deciding, Names
from application.commands import REFUSALS, Attempt, Commands
from application.ports import Answer, Call, Conflict, Ledger, Taken
from application.work import Work, stream_of
from domain import bulks
from domain.bulks import Advance, Bulk
from domain.kernel import Rejected, Value

TRIES = 20  # of a chunk whose names others are after as well
AHEAD = 4  # chunks; before the next of them, whoever undoes the bulk has a chance to stop it
UNFIT = ("log.unstorable", "log.too_large")
IN_VAIN = (Conflict, Taken, *REFUSALS)  # what was supposed may be to blame


class Step(Value):
    upto: int
    done: bool


class Chunks:
    """Those of one bulk. ``deciding``: how its items are decided."""

    def __init__(
        self, commands: Commands, ledger: Ledger, call: Call, id: str, deciding: Deciding
    ) -> None:
        self._commands, self._ledger, self._call = commands, ledger, call
        self._id, self._deciding = id, deciding

    async def hopefully(self, at_once: int) -> Step | None:
        """Chunk after chunk, ``AHEAD`` of them each decided as if the one before had landed, to the
        end. None: one of them came to nothing, which may or may not be its own fault; so does what
        follows it.
        """
        chunk, following = _Chunk(self, at_once, None), None
        try:
            for number in count(1):
                if await chunk.leads_on() and number % AHEAD:
                    following = _Chunk(self, at_once, chunk)
                step = await chunk.task
                if step.done:
                    return step
                chunk, following = following or _Chunk(self, at_once, None), None
        except IN_VAIN:
            pass
        finally:
            await _end(chunk, following)
        return None

    async def surely(self, at_once: int) -> Step:
        """The next chunk, once: who comes second finds it done, and does the next."""
        checking = False

        async def attempt(work: Work) -> Answer:
            step = await self.decide(work, at_once, self.names(), checking=checking)
            return lambda recorded: step

        queues = [stream_of(self._call.tenant, bulks, self._id)]
        for left in reversed(range(TRIES)):
            try:
                return await self._commands.run(self._call, Step, attempt, queues)
            except Taken:
                if not left:
                    raise
            except Rejected as no:
                if checking or no.code not in UNFIT:
                    raise
                checking = True
        raise AssertionError("unreachable")

    async def decide(
        self, work: Work, at_once: int, names: Names, *, checking: bool = False
    ) -> Step:
        """The next chunk, from where the bulk stands."""
        bulk: Bulk = await work.load(bulks, self._id)
        if bulk.completed:
            return Step(bulk.upto, True)
        upto = min(bulk.upto + at_once, bulk.total)
        ledger = self._ledger if checking else None
        chunk = await self._deciding.chunk(work, names, bulk.upto, upto, ledger)
        refused = tuple(done.refusal for done in chunk if done.refusal)
        written = sum(len(done.events) for done in chunk)
        await work.decide(bulks, self._id, Advance(upto, refused, written))
        self._deciding.write(work, chunk)
        return Step(upto, upto == bulk.total)

    def names(self, before: Names | None = None) -> Names:
        return Names(self._ledger, self._call.tenant, before)

    async def follow(self, attempt: Attempt, before: Work | None) -> Step:
        return await self._commands.follow(self._call, Step, attempt, before)


class _Chunk:
    """One that is tried once. ``before``: what is supposed to land first."""

    def __init__(self, chunks: Chunks, at_once: int, before: "_Chunk | None") -> None:
        self._chunks, self._at_once = chunks, at_once
        self._names: Names = chunks.names(before._names if before else None)
        self._work: Work | None = None
        self._step: Step | None = None
        self._decided = asyncio.Event()
        supposed = before._work if before else None
        self.task = asyncio.create_task(chunks.follow(self._attempt, supposed))
        self.task.add_done_callback(lambda _: self._decided.set())

    async def _attempt(self, work: Work) -> Answer:
        self._step = step = await self._chunks.decide(work, self._at_once, self._names)
        self._work = work
        self._decided.set()
        return lambda recorded: step

    async def leads_on(self) -> bool:
        """Whether there is something to do after it, as soon as it is decided."""
        await self._decided.wait()
        return self._step is not None and not self._step.done


async def _end(*chunks: _Chunk | None) -> None:
    """What of them is on its way to the log is not called back, but nobody waits for it."""
    tasks = [chunk.task for chunk in chunks if chunk]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
