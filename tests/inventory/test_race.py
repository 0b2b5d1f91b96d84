"""However many buyers race for it, stock is sold once."""

import asyncio
from collections import Counter
from itertools import accumulate

import pytest

from application.checkouts import Checkouts
from application.commands import Commands
from domain import inventory
from domain.inventory import ReceiveStock, StockReserved
from domain.kernel import Rejected
from tests.support.patience import PATIENCE

BUYERS, PIECES = 200, 50


@pytest.mark.parametrize("processes", [1, 3])
async def test_two_hundred_buyers_race_for_fifty_pieces_and_fifty_are_sold(market, processes):
    """Each process queues its own commands; between processes only the log decides."""
    await market.do(inventory, "tea", ReceiveStock(PIECES))
    patient = [Commands(market.log, patience=PATIENCE) for _ in range(processes)]
    shops = [Checkouts(commands) for commands in patient]

    async def buy(number):
        market.checkouts = shops[number % processes]
        try:
            await market.buy(("tea", 1), buyer=f"b{number}")
        except Rejected as refusal:
            return refusal.code
        return "sold"

    outcomes = Counter(await asyncio.gather(*(buy(number) for number in range(BUYERS))))

    assert outcomes == {"sold": PIECES, "inventory.insufficient": BUYERS - PIECES}
    await _never_oversold(market)


async def test_buyers_who_want_several_things_at_once_block_nobody(market):
    """Half of them want tea and a cup, half a cup and tea; the last cup ends the sale."""
    await market.product("cup", "eve", 10)
    await market.do(inventory, "tea", ReceiveStock(PIECES))

    async def buy(number):
        wanted = [("tea", 1), ("cup", 1)]
        try:
            await market.buy(*(wanted if number % 2 else wanted[::-1]), buyer=f"b{number}")
        except Rejected as refusal:
            return refusal.code
        return "sold"

    outcomes = Counter(await asyncio.gather(*(buy(number) for number in range(40))))

    assert outcomes == {"sold": 10, "inventory.insufficient": 30}
    assert (await market.stock("cup")).available == 0
    assert (await market.stock("tea")).available == PIECES - 10


async def _never_oversold(market):
    past = [r.event for r in await market.events() if r.stream == "bazaar/inventory/tea"]
    states = list(accumulate(past, inventory.evolve, initial=inventory.EMPTY))
    assert min(state.available for state in states) == 0
    assert len([e for e in past if isinstance(e, StockReserved)]) == PIECES
    assert len(states[-1].reservations) == PIECES
