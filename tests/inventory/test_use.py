"""Who may count whose stock, on a real log."""

import asyncio

import msgspec
import pytest

from application.inventory import Inventory
from application.ports import Forbidden, Key, Missing
from domain import inventory
from domain.kernel import Rejected
from tests.policies.market import call


@pytest.fixture
def use(market):
    return Inventory(market.commands)


async def test_a_seller_receives_stock_of_their_product(market, use):
    receipt = await use.receive(call(), "tea", "tom", 10, "delivery")
    assert (receipt.id, receipt.version) == ("tea", 1)
    assert (await market.stock("tea")).available == 10


async def test_staff_may_count_anyones_stock(market, use):
    await use.receive(call(), "tea", None, 10)
    await use.adjust(call(), "tea", None, -3, "broken")
    assert (await market.stock("tea")).on_hand == 7


async def test_another_seller_may_not(use):
    with pytest.raises(Forbidden) as refusal:
        await use.receive(call(), "tea", "eve", 10)
    assert refusal.value.code == "inventory.not_yours"


async def test_what_was_never_offered_has_no_stock(use):
    with pytest.raises(Missing) as refusal:
        await use.receive(call(), "gold", "tom", 1)
    assert refusal.value.code == "inventory.unknown_product"


async def test_another_tenants_product_does_not_exist(use):
    with pytest.raises(Missing):
        await use.receive(call(tenant="elsewhere"), "tea", "tom", 1)


async def test_a_threshold_is_set_and_taken_away(market, use):
    await use.set_threshold(call(), "tea", "tom", 5)
    assert (await market.stock("tea")).low
    await use.set_threshold(call(), "tea", "tom", None)
    assert not (await market.stock("tea")).low


async def test_the_same_delivery_sent_twice_counts_once(market, use):
    key = Key("tom", "inventory.receive", "delivery-7", b"same")
    sent = call(key=key)
    first = await use.receive(sent, "tea", "tom", 10)
    again = await use.receive(msgspec.structs.replace(sent), "tea", "tom", 10)
    assert first == again
    assert (await market.stock("tea")).on_hand == 10


async def test_many_counts_at_once_are_all_counted(market, use):
    await asyncio.gather(*(use.receive(call(), "tea", "tom", 1) for _ in range(30)))
    assert (await market.stock("tea")).on_hand == 30


async def test_a_rejected_count_leaves_no_trace(market, use):
    await use.receive(call(), "tea", "tom", 2)
    await market.do(inventory, "tea", inventory.Reserve("o1", 2))
    with pytest.raises(Rejected) as refusal:
        await use.adjust(call(), "tea", "tom", -1)
    assert refusal.value.code == "inventory.below_reserved"
    assert (await market.stock("tea")).on_hand == 2
