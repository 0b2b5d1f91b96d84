"""The states of a stream at any of its versions."""

from collections.abc import Iterable, Iterator
from itertools import accumulate, islice
from typing import Any

import msgspec

from adapters.audit.milestones import Folded, Milestones
from adapters.audit.opening import opened
from adapters.audit.seeing import rows, seeing
from adapters.log.codec import Undecodable
from adapters.log.keyring import Keyring
from adapters.log.rows import FOREIGN
from adapters.log.tail import house_codec
from adapters.postgres.pools import Pool
from domain import AGGREGATES
from domain.kernel import Decider, Personal

CHUNK = 1_000  # events folded at a stretch: others have their turn in between
_EVENTS = """SELECT version, position, tag, schema_version, data FROM log.events
WHERE tenant = %s AND stream = %s AND version > %s AND version <= %s ORDER BY version LIMIT %s"""


class Unfoldable(Exception):
    """A stream of another library, or one with events that this version of the code cannot read."""


class Folding:
    """``pool``: of souk_audit."""

    def __init__(self, pool: Pool, keyring: Keyring, milestones: Milestones) -> None:
        self._pool, self._keyring, self._milestones = pool, keyring, milestones

    async def states(self, stream: str, versions: Iterable[int]) -> dict[int, Any]:
        """JSON documents by version; at version 0 the empty state. Raises Unfoldable."""
        decider = AGGREGATES.get(stream.split("/", 2)[1])
        if decider is None:
            raise Unfoldable(stream)
        found: dict[int, Any] = {}
        for run in _runs(sorted(set(versions)), self._milestones.every):
            try:
                found |= await self._run(stream, decider, run)
            except Undecodable as error:
                raise Unfoldable(stream) from error
        return found

    async def _run(self, stream: str, decider: Decider, versions: list[int]) -> dict[int, Any]:
        tenant = stream.partition("/")[0]
        async with seeing(self._pool, tenant) as db:
            here = await self._milestones.nearest(db, stream, decider, versions[0])
        found, passed = {here.version: document(here.state)}, list[Folded]()
        while here.version < versions[-1]:
            steps = await self._after(stream, decider, here, versions[-1])
            if not steps:
                break  # it has no such version yet
            here = steps[-1]
            found |= {s.version: document(s.state) for s in steps if s.version in versions}
            passed += [s for s in steps if s.version % self._milestones.every == 0]
        if passed:
            await self._milestones.keep(stream, passed)
        return {version: found[version] for version in versions if version in found}

    async def _after(self, stream: str, decider: Decider, here: Folded, last: int) -> list[Folded]:
        """The next states, one for each version."""
        tenant, sealed, codec = stream.partition("/")[0], list[Personal](), house_codec()
        async with seeing(self._pool, tenant) as db:
            lines = await rows(db, _EVENTS, (tenant, stream, here.version, last, CHUNK))
        if any(schema == FOREIGN for *_, schema, _ in lines):
            raise Unfoldable(stream)
        events = [codec.decode(tag, data, at, sealed.append) for _, at, tag, _, data in lines]
        await opened(self._keyring, tenant, sealed)
        states = islice(accumulate(events, decider.evolve, initial=here.state), 1, None)
        places = ((version, position) for version, position, *_ in lines)
        return [Folded(*place, state) for place, state in zip(places, states, strict=True)]


def document(state: Any) -> Any:
    """The state as JSON has it."""
    return msgspec.json.decode(msgspec.json.encode(state, order="deterministic"))


def _runs(versions: list[int], gap: int) -> Iterator[list[int]]:
    """Versions that are as well folded in one go."""
    run: list[int] = []
    for version in versions:
        if run and version - run[-1] > gap:
            yield run
            run = []
        run.append(version)
    if run:
        yield run
