"""States and changes of streams, whichever milestones there are."""

import psycopg
import pytest

from adapters.audit.folding import Folding, Unfoldable, document
from adapters.audit.history import History
from adapters.audit.milestones import Milestones
from adapters.audit.moments import Position, Time, Version
from adapters.log.keyring import Keyring
from domain import tenants
from domain.kernel import fold
from domain.tenants import CostBasisSet, TenantCreated
from tests.audit.world import pools
from tests.log.notes import MASTER, rows
from tests.support.rows import recorded

STREAM, OTHER, LENGTH, EVERY = "acme/tenants/acme", "acme/tenants/other", 23, 5
EVENTS = [TenantCreated("Acme", "DZD"), *(CostBasisSet(f"basis {n}") for n in range(LENGTH - 1))]
LOG = [pair for event in EVENTS for pair in ((OTHER, event), (STREAM, event))]
STATES = [document(fold(tenants, EVENTS[:version])) for version in range(LENGTH + 1)]


@pytest.fixture
async def kept(database):
    """The log in a database, with the pools of who reads it."""
    async with pools(database, recorded(LOG)) as (pool, log):
        yield pool, log, Keyring(pool, MASTER)


async def test_a_state_is_the_fold_of_the_events_until_then_at_every_version(kept, database):
    pool, _, keyring = kept
    folding = Folding(pool, keyring, Milestones(pool, EVERY))
    for version in (*range(LENGTH, -1, -1), *range(LENGTH + 1)):  # there are no milestones at first
        assert await folding.states(STREAM, [version]) == {version: STATES[version]}
    found = await folding.states(STREAM, [0, 4, 5, 6, 20, 21])
    assert found == {version: STATES[version] for version in (0, 4, 5, 6, 20, 21)}
    made = await rows(database, "SELECT version, position FROM audit.milestones ORDER BY version")
    assert made == [(version, 2 * version) for version in (5, 10, 15, 20)]


@pytest.mark.parametrize("spoilt", ["shape = 'old', state = '{\"name\":\"Wrong\"}'", "state = '{'"])
async def test_a_milestone_of_other_code_or_that_is_no_state_is_passed_over_and_replaced(
    kept, database, spoilt
):
    pool, _, keyring = kept
    folding = Folding(pool, keyring, Milestones(pool, EVERY))
    await folding.states(STREAM, [LENGTH])
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(f"UPDATE audit.milestones SET {spoilt}")
    assert await folding.states(STREAM, [LENGTH]) == {LENGTH: STATES[LENGTH]}
    left = "SELECT 1 FROM audit.milestones WHERE shape = 'old' OR length(state) < 2"
    assert await rows(database, left) == []


async def test_a_stream_with_an_event_that_cannot_be_read_has_no_state_to_tell(kept, database):
    pool, _, keyring = kept
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(
            "UPDATE log.events SET data = '{' WHERE stream = %s AND version = 7", [STREAM]
        )
    folding = Folding(pool, keyring, Milestones(pool, EVERY))
    assert await folding.states(STREAM, [6]) == {6: STATES[6]}
    with pytest.raises(Unfoldable):
        await folding.states(STREAM, [8])


async def test_a_milestone_saves_the_events_before_it(kept, database):
    pool, _, keyring = kept
    folding = Folding(pool, keyring, Milestones(pool, EVERY))
    await folding.states(STREAM, [LENGTH])
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("DELETE FROM log.events WHERE stream = %s AND version <= 10", (STREAM,))
    assert await folding.states(STREAM, [12, 23]) == {12: STATES[12], 23: STATES[23]}


@pytest.mark.parametrize("warm", [False, True])
async def test_every_position_and_time_is_the_version_it_was_then(kept, warm):
    pool, log, keyring = kept
    history = History(pool, log, keyring, every=EVERY)
    if warm:
        await history.state("acme", "tenants", "acme")
    written = [row for row in recorded(LOG) if row.stream == STREAM]
    for row in recorded(LOG):
        expected = sum(mine.position <= row.position for mine in written)
        for moment in (Position(row.position), Time(row.recorded_at), Version(expected)):
            standing = await history.state("acme", "tenants", "acme", moment)
            assert (standing.version, standing.state) == (expected, STATES[expected])
            assert standing.position == (2 * expected)


async def test_a_change_is_what_one_event_did(kept):
    pool, log, keyring = kept
    history = History(pool, log, keyring, every=EVERY)
    told = await history.changes("acme", "tenants", "acme", Version(1), Version(2))
    assert [(c.path, c.old, c.new) for c in told.changes] == [("cost_basis", "average", "basis 0")]
