"""Bulks: many items changed by one request, tried first, then chunk by chunk, and undone as one."""

from collections.abc import Iterable, Mapping
from itertools import takewhile
from uuid import UUID

from msgspec.structs import replace

from application.bulks.chunks import UNFIT, Chunks, Step
from application.bulks.deciding import Decided, Deciding, Names
from application.bulks.items import Batch, Item, Kind, Preview
from application.bulks.past import Run, spans
from application.bulks.seeing import SHOWN, Seen
from application.commands import Commands
from application.ports import Answer, Call, Ledger, Missing, Outdated, Receipt
from application.work import Work, stream_of
from domain import bulks
from domain.bulks import MOST, Advanced, Bulk, Refusal, Start, TakeBack
from domain.kernel import Rejected, Value, but

__all__ = ["MOST", "UNKNOWN", "Batch", "Bulks", "Changed", "Item", "Kind", "Ran", "check_size"]

UNKNOWN = "bulks.unknown_bulk"
AT_ONCE = 500  # items in one append


class Changed(Outdated):
    """What was confirmed is not what there is any more."""

    def __init__(self) -> None:
        super().__init__("bulks.selection_changed")


class Ran(Value):
    """What a bulk came to. ``refusals``: the first of them."""

    id: str
    version: int
    position: int
    total: int
    applied: int
    refused: int
    refusals: tuple[Refusal, ...]


class Bulks:
    """``kinds``: what items may be. ``at_once``: how many are written in one append."""

    def __init__(
        self,
        commands: Commands,
        ledger: Ledger,
        kinds: Mapping[str, Kind],
        at_once: int = AT_ONCE,
    ) -> None:
        self._commands, self._ledger, self._kinds = commands, ledger, kinds
        self._at_once = at_once

    async def preview(self, call: Call, batch: Batch) -> Preview:
        """What a run would come to now; nothing is written. Raises Rejected ``bulks.too_many``."""
        check_size(len(batch.items))
        deciding = await self._deciding(call, batch)
        kind, names = self._kinds[batch.kind], Names(self._ledger, call.tenant)
        seen = Seen(kind)
        for first in range(0, len(batch.items), self._at_once):

            async def attempt(work: Work, first: int = first) -> list[Decided]:
                end = first + self._at_once
                return await deciding.chunk(work, names, first, end, self._ledger)

            seen.take(await self._commands.look(call, attempt))
        return seen.preview(len(batch.items))

    async def run(self, call: Call, id: str, batch: Batch) -> Ran:
        """Begin it, or go on where it stopped; every event has ``id`` for its correlation.

        Raises Rejected, Changed.
        """
        call = replace(call, correlation=UUID(id), key=None)
        step = await self._begin(call, id, batch)
        if not step.done:
            deciding = await self._deciding(call, batch)
            await self._write(Chunks(self._commands, self._ledger, call, id, deciding))
        return await self._ran(call, id)

    async def _write(self, chunks: Chunks) -> None:
        at_once, done = self._at_once, False
        while not done:
            try:
                step = await chunks.hopefully(at_once) or await chunks.surely(at_once)
                at_once, done = min(at_once * 2, self._at_once), step.done
            except Rejected as no:
                if no.code not in UNFIT or at_once == 1:
                    raise
                at_once = (at_once + 1) // 2  # each fits, but not all of them in one append

    async def begun(self, call: Call, id: str) -> Bulk | None:
        bulk: Bulk = await self._commands.peek(call, bulks, id)
        return bulk if bulk.exists else None

    async def undoing(self, call: Call, id: str, owner: str | None) -> tuple[Bulk, Batch]:
        """What takes a bulk back that belongs to ``owner``. Raises Missing."""
        run = await self._run(call, id)
        if run is None or owner not in (None, run.bulk.owner):
            raise Missing(UNKNOWN)
        by = run.bulk.undone_by
        stopped = by is not None and await self.begun(call, by) is None
        ids = await self._written(run) if by is None or stopped else ()
        running = stopped or (by is None and not run.bulk.completed)
        batch = Batch(run.bulk.kind, owner, backwards(ids), "", ids, id, run.bulk.upto, running)
        return run.bulk, but(batch, stopped_by=by) if stopped else batch

    async def stop(self, call: Call, id: str, batch: Batch) -> Batch:
        """The bulk that ``batch`` undoes, as the bulk ``id``, goes no further: what it came to.

        Who broke off after that may do it again. Raises Rejected ``bulks.undone``.
        """
        undoes = str(batch.undoes)

        async def attempt(work: Work) -> Answer:
            await work.decide(bulks, undoes, TakeBack(id))
            return work.receipt(bulks, undoes)

        queues = [stream_of(call.tenant, bulks, undoes)]
        stopping = replace(call, correlation=UUID(id), key=None)
        await self._commands.run(stopping, Receipt, attempt, queues)
        run = await self._run(call, undoes)
        if run is None:
            raise Missing(UNKNOWN)
        ids = await self._written(run)
        return but(batch, items=backwards(ids), ids=ids, seen=run.bulk.upto)

    async def _written(self, run: Run) -> tuple[str, ...]:
        """The last first: a name that went on to another item comes back the same way."""
        return tuple(reversed(await run.ids(self._ledger)))

    async def _run(self, call: Call, id: str) -> Run | None:
        past = (await self._commands.past(call, bulks, [id]))[id]
        if not past:
            return None
        kind = self._kinds[past[0].event.kind]
        return Run(self._commands, call, kind, past)

    async def _deciding(self, call: Call, batch: Batch) -> Deciding:
        run = await self._run(call, batch.undoes) if batch.undoes else None
        return Deciding(self._kinds[batch.kind], batch.owner, batch.items, run)

    async def _begin(self, call: Call, id: str, batch: Batch) -> Step:
        new = Start(batch.kind, call.actor, len(batch.items), batch.digest, batch.undoes, batch.ids)

        async def attempt(work: Work) -> Answer:
            before: Bulk = await work.load(bulks, id)
            await work.decide(bulks, id, new)
            if batch.undoes and not before.exists:
                undone: Bulk = await work.load(bulks, batch.undoes)
                if undone.upto != batch.seen:
                    raise Changed
                await work.decide(bulks, batch.undoes, TakeBack(id))
            bulk: Bulk = await work.load(bulks, id)
            return lambda recorded: Step(bulk.upto, bulk.completed)

        return await self._commands.run(call, Step, attempt, [stream_of(call.tenant, bulks, id)])

    async def _ran(self, call: Call, id: str) -> Ran:
        past = (await self._commands.past(call, bulks, [id]))[id]
        past = list(takewhile(lambda r: not isinstance(r.event, bulks.Undone), past))
        bulk: Bulk = bulks.EMPTY
        refusals: list[Refusal] = []
        for recorded in past:
            bulk = bulks.evolve(bulk, recorded.event)
            if isinstance(recorded.event, Advanced):
                refusals += recorded.event.refused[: SHOWN - len(refusals)]
        last = past[-1]
        position = max((end for _, end in spans(past)), default=0)
        return Ran(
            id,
            last.version,
            max(last.position, position),
            bulk.total,
            bulk.applied,
            bulk.refused,
            tuple(refusals),
        )


def backwards(ids: Iterable[str]) -> tuple[Item, ...]:
    return tuple(Item(id, "undo") for id in ids)


def check_size(number: int) -> None:
    """Raises Rejected."""
    if number > MOST:
        raise Rejected("bulks.too_many", f"at most {MOST} items at once")
