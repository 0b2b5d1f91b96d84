"""Loading: whoever asks is answered, also just as the readings before have come to an end."""

import asyncio

from adapters.log import loading
from adapters.log.log import PostgresLog
from application.ports import New, Snapshot
from domain import carts
from domain.carts import CartOpened
from domain.kernel import fold
from tests.log.notes import MASTER, TENANT, append, note, opened, rows, stream
from tests.support.patience import PATIENCE


async def test_who_asks_as_the_last_reading_ends_is_answered(database, monkeypatch):
    monkeypatch.setattr(loading, "READINGS", 1)
    async with opened(database) as log, asyncio.timeout(PATIENCE):
        await log.append(append(note(1, "a")))
        for _ in range(3):
            past = await log.load(TENANT, [stream(1)])
            assert past[stream(1)].version == 1


async def test_a_spoilt_snapshot_is_passed_over_and_replaced_by_the_next(database):
    cart, opening = f"{TENANT}/carts/1", CartOpened("bob")
    state = fold(carts, [opening])
    async with PostgresLog(database, MASTER) as log:
        await log.append(append(New(cart, 0, (opening, *[carts.CartCleared()] * 2))))
        log.offer(Snapshot(TENANT, cart, 1, 1, state))
        await log._shelf.settle()
        assert (await log.load(TENANT, [cart]))[cart].base == state
        await rows(database, "UPDATE log.snapshots SET state = '{\"spoilt' RETURNING 1")
        past = (await log.load(TENANT, [cart]))[cart]
        assert (past.base, past.since, past.version, past.events[0]) == (None, 0, 3, opening)
        log.offer(Snapshot(TENANT, cart, 3, 3, state))
        await log._shelf.settle()
        assert (await log.load(TENANT, [cart]))[cart].base == state
