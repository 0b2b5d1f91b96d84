"""Many who rearrange the shelves at once, on a real log."""

import asyncio

from application.categories import Categories
from application.commands import Commands
from domain import categories
from domain.categories import CreateCategory, MoveCategory
from domain.kernel import Rejected
from tests.policies.market import call
from tests.support.patience import PATIENCE


async def test_of_moves_that_would_close_a_loop_together_one_is_refused(house):
    """Each process has commands of its own, which know nothing of the other's."""
    log, ids = house.souk.log, [f"c{n}" for n in range(6)]
    processes = [Categories(Commands(log, patience=PATIENCE)) for _ in range(2)]
    for id in ids:
        await processes[0].create(call(tenant=house.tenant), CreateCategory(id, id, id))
    around = [MoveCategory(id, above) for id, above in zip(ids, [*ids[1:], ids[0]], strict=True)]
    moves = [
        processes[n % 2].change(call(tenant=house.tenant), move) for n, move in enumerate(around)
    ]
    results = await asyncio.gather(*moves, return_exceptions=True)
    refused = [result for result in results if isinstance(result, Exception)]
    assert [type(each) for each in refused] == [Rejected]
    assert refused[0].code == "categories.cycle"
    found = await Commands(log).peek(call(tenant=house.tenant), categories, house.tenant)
    assert [len(list(found.above(id))) for id in ids] != [1] * 6
    assert sorted(len(list(found.above(id))) for id in ids) == [1, 2, 3, 4, 5, 6]
