"""Remembered states: quick when they are right, harmless when they are stale."""

import msgspec
import pytest

from adapters.log.codec import holds_personal
from application import commands
from application.catalog import Catalog
from application.commands import Commands
from application.ports import Key, Missing, Receipt
from application.states import State, States
from application.work import stream_of
from domain import AGGREGATES, catalog
from domain.catalog import ChangePrice, RestoreProduct, RetireProduct
from domain.kernel import Rejected
from domain.money import Money
from tests.policies.market import TENANT, call


@pytest.fixture
def here(market):
    return Catalog(Commands(market.log))


@pytest.fixture
def elsewhere(market):
    """The same use cases in another process."""
    return Catalog(Commands(market.log))


def price(amount):
    return ChangePrice(Money(amount, "DZD"), None, "season")


def keyed(name):
    return call(key=Key("karim", "price", name, b"request"))


async def test_a_second_command_reads_nothing(market, here, monkeypatch):
    await here.change(call(), "rug", None, price(11))

    async def unread(*_):
        raise AssertionError("read again")

    monkeypatch.setattr(market.log, "load", unread)
    done = await here.change(call(), "rug", None, price(12))
    assert done.version == 3


async def test_a_command_on_a_stale_state_is_decided_again(market, here, elsewhere):
    await here.change(call(), "rug", None, price(11))
    await elsewhere.change(call(), "rug", None, price(12))
    done = await here.change(call(), "rug", None, price(13))
    assert done.version == 4
    assert (await market.state(catalog, "rug")).price == Money(13, "DZD")


async def test_of_many_states_only_those_are_read_again_that_moved(
    market, here, elsewhere, monkeypatch
):
    async def all_three(work):
        for id in ("rug", "lamp", "tea"):
            await work.load(catalog, id)
        await work.decide(catalog, "rug", price(15))
        return work.receipt(catalog, "rug")

    for id in ("rug", "lamp", "tea"):
        await here.change(call(), id, None, price(11))
    await elsewhere.change(call(), "lamp", None, price(12))
    read, load = list[str](), market.log.load

    async def told(tenant, streams):
        read.extend(streams)
        return await load(tenant, streams)

    monkeypatch.setattr(market.log, "load", told)
    done = await here._commands.run(call(), Receipt, all_three)
    assert (done.version, read) == (3, [stream_of(TENANT, catalog, "lamp")])


async def test_what_moves_again_meanwhile_is_decided_on_all_that_the_log_has(
    market, here, elsewhere
):
    """Each time it decides, somebody else is quicker, at another stream."""
    quicker, seen = ["lamp", "tea", "lamp"], []

    async def slow(work):
        seen.append([(await work.load(catalog, id)).price.minor for id in ("lamp", "tea")])
        await work.decide(catalog, "rug", price(15))
        if quicker:
            await elsewhere.change(call(), quicker.pop(0), None, price(20 + len(quicker)))
        return work.receipt(catalog, "rug")

    for id in ("rug", "lamp", "tea"):
        await here.change(call(), id, None, price(11))
    await here._commands.run(call(), Receipt, slow)
    assert seen == [[11, 11], [22, 11], [22, 21], [20, 21]]


@pytest.mark.parametrize("key", [None, "k"])
async def test_what_looks_like_no_news_on_a_stale_state_is_decided_again(
    market, here, elsewhere, key
):
    await here.change(call(), "rug", None, price(11))
    await elsewhere.change(call(), "rug", None, price(12))
    done = await here.change(keyed(key) if key else call(), "rug", None, price(11))
    assert done.version == 4
    assert (await market.state(catalog, "rug")).price == Money(11, "DZD")


async def test_a_refusal_on_a_stale_state_is_decided_again(market, here, elsewhere):
    await here.change(call(), "rug", None, RetireProduct())
    await elsewhere.change(call(), "rug", None, RestoreProduct())
    await here.change(call(), "rug", None, price(11))
    assert (await market.state(catalog, "rug")).price == Money(11, "DZD")


async def test_a_refusal_that_stands_is_answered(here):
    await here.change(call(), "rug", None, RetireProduct())
    with pytest.raises(Rejected):
        await here.change(call(), "rug", None, price(11))
    with pytest.raises(Missing):
        await here.change(call(), "no-rug", None, price(11))


async def test_an_answer_is_replayed_though_the_command_would_now_be_refused(here):
    first = await here.change(keyed("k"), "rug", None, price(11))
    await here.change(call(), "rug", None, RetireProduct())
    assert await here.change(keyed("k"), "rug", None, price(11)) == first


async def test_a_stream_that_was_taken_to_be_empty_is_read_after_all(market, here):
    """``create`` supposes that the id it was given is new."""
    product = await market.state(catalog, "rug")
    new = catalog.CreateProduct("karim", product.describing, product.price)
    with pytest.raises(Rejected) as refused:
        await here.create(call(), "rug", new)
    assert refused.value.code == "catalog.product_exists"


async def test_a_long_stream_is_loaded_from_its_snapshot(market, here):
    for amount in range(1, 121):
        await here.change(call(), "rug", None, price(amount))
    await market.log._shelf.settle()
    stream = f"{TENANT}/catalog/rug"
    past = (await market.log.load(TENANT, [stream]))[stream]
    assert (past.version, past.since) == (121, 100)
    assert len(past.events) == 21
    assert (await market.state(catalog, "rug")).price == Money(120, "DZD")
    await here.change(call(), "rug", None, price(7))
    assert (await market.state(catalog, "rug")).price == Money(7, "DZD")


async def test_a_snapshot_of_other_code_is_ignored(market, here):
    for amount in range(1, 121):
        await here.change(call(), "rug", None, price(amount))
    await market.log._shelf.settle()
    market.log._shelf.shape = "of other code"
    stream = f"{TENANT}/catalog/rug"
    past = (await market.log.load(TENANT, [stream]))[stream]
    assert (past.version, past.since, len(past.events)) == (121, 0, 121)


async def test_a_stream_that_never_ends_weighs_as_its_state_and_lets_others_be_remembered(
    market, monkeypatch
):
    monkeypatch.setattr(commands, "SNAPSHOT_EVERY", 10)
    states = States(memory=25_000)
    here = Catalog(Commands(market.log, states))
    await here.change(call(), "tea", None, price(5))
    for amount in range(1, 61):
        await here.change(call(), "rug", None, price(amount))
    assert states.get(f"{TENANT}/catalog/rug")
    assert states.get(f"{TENANT}/catalog/tea")


def test_memory_is_bounded_and_the_longest_unused_goes_first():
    states = States(memory=20_000)
    for n in range(100):
        states.keep(f"s{n}", State(1, n, "state", 0, 250))
        states.get("s0")
    assert len(states) == 10
    assert states.get("s0")
    assert states.get("s99")
    assert states.get("s98")
    assert not states.get("s50")


def test_an_older_state_does_not_replace_a_newer_one():
    states = States()
    states.keep("s", State(2, 9, "new", 0, 10))
    states.keep("s", State(1, 8, "old", 0, 10))
    assert states.get("s").value == "new"


@pytest.mark.parametrize("decider", AGGREGATES.values(), ids=AGGREGATES)
def test_a_state_holds_nobodys_personal_data_and_can_be_written_down(decider):
    """It outlives the erasure of a person's key, in memory and in snapshots."""
    kind = type(decider.EMPTY)
    assert not holds_personal(kind)
    assert msgspec.json.decode(msgspec.json.encode(decider.EMPTY), type=kind) == decider.EMPTY
