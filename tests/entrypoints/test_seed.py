"""The fictional marketplace: whole, the same however often it is stopped, in many states."""

from collections import Counter

import pytest

from application.commands import Commands
from domain import orders, tenants
from domain.orders import OrderPlaced
from domain.payments import RefundRequested
from domain.tenants import CreateTenant
from entrypoints.seed.gardener import plant, product_id
from entrypoints.seed.goods import BUYERS, GOODS, SHOPS, TENANT
from entrypoints.seed.story import PURCHASES
from tests.policies.market import market_at


class Cut(Exception):
    """The process dies here."""


class Cutting:
    """A log that dies after so many appends."""

    def __init__(self, log, left):
        self._log, self._left = log, left

    def __getattr__(self, name):
        return getattr(self._log, name)

    async def append(self, append):
        if not self._left:
            raise Cut
        self._left -= 1
        return await self._log.append(append)


async def planted(market):
    await plant(market.commands)
    await market.settle()
    return await market.events()


async def statuses(market):
    placed = await market.happened(OrderPlaced)
    states = [await market.state(orders, r.id) for r in placed]
    return Counter(state.status for state in states)


@pytest.fixture
async def market(database):
    async with market_at(database) as market:
        yield market


async def test_orders_of_every_status_stand_in_the_bazaar(market):
    await planted(market)
    found = await statuses(market)
    assert set(found) == {
        "pending", "confirmed", "processing", "ready", "shipped", "delivered", "completed",
        "returned", "cancelled",
    }  # fmt: skip
    assert sum(found.values()) >= len(PURCHASES)


async def test_policies_carry_out_what_the_story_implies(market):
    await planted(market)
    assert await market.outcomes() == []
    (refund,) = await market.happened(RefundRequested)
    assert refund.event.amount.minor == 11_900_00
    assert (await market.stock(product_id("wrist-watch-leather"))).available == 9


async def test_planting_again_makes_nothing_new(market):
    before = await planted(market)
    assert await planted(market) == before


@pytest.mark.parametrize("appends", [0, 1, 7, 60, 150])
async def test_stopped_anywhere_and_started_again_it_comes_to_the_same(database, appends):
    async with market_at(database) as market:
        with pytest.raises(Cut):
            await plant(Commands(Cutting(market.log, appends)))
        events = await planted(market)
        assert len({r.stream for r in events if r.tag == "catalog.product_created"}) == len(GOODS)
        assert len([r for r in events if r.tag == "checkouts.checkout_placed"]) == len(PURCHASES)
        members = [r.id for r in events if r.tag == "identity.member_added"]
        assert len(members) == len(set(members)) == len(SHOPS) + len(BUYERS) + 2


async def test_a_bazaar_that_someone_else_made_is_left_alone(market):
    await market.do(tenants, TENANT, CreateTenant("Mine", "EUR"))
    before = await market.events()
    assert await planted(market) == before
