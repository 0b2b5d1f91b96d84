"""A command that supposes that another lands first: right when it does, nothing when not."""

import asyncio

import pytest

from application.commands import Commands
from application.ports import Conflict, Landing, Receipt
from application.work import Work
from domain import catalog, offers
from domain.catalog import ChangePrice, RetireProduct
from domain.money import Money
from tests.offers.test_rules import publish
from tests.policies.market import TENANT, call

RUG = f"{TENANT}/catalog/rug"


def priced(amount):
    return ChangePrice(Money(amount, "DZD"), None, "season")


def attempting(*wanted, works=None):
    """What decides these of the rug; ``works``: filled with the works that did."""

    async def attempt(work):
        for command in wanted:
            await work.decide(catalog, "rug", command)
        if works is not None:
            works.append(work)
        return work.receipt(catalog, "rug")

    return attempt


async def decided(market, *wanted):
    """Work that is not appended yet."""
    work = Work(market.log, call())
    work.landing = Landing()
    answer = await attempting(*wanted)(work)
    return work, work.to_append(answer)


async def test_it_decides_on_what_the_other_leads_to_and_lands_after_it(market):
    before, append = await decided(market, priced(11), priced(12))
    works = []

    async def attempt(work):
        await market.log.append(append)  # while this one is being decided
        return await attempting(priced(13), works=works)(work)

    commands = Commands(market.log)
    receipt = await commands.follow(call(), Receipt, attempt, before)
    assert receipt.version == 4
    assert (await market.state(catalog, "rug")).price == Money(13, "DZD")
    assert (await commands.peek(call(), catalog, "rug")).price == Money(13, "DZD")


async def test_when_the_other_does_not_land_nothing_is_written_or_remembered(market):
    before, _ = await decided(market, RetireProduct())
    commands = Commands(market.log)
    with pytest.raises(Conflict):
        await commands.follow(call(), Receipt, attempting(catalog.RestoreProduct()), before)
    rug = await market.state(catalog, "rug")
    assert not rug.retired
    await commands.run(call(), Receipt, attempting(priced(12)))
    assert await commands.peek(call(), catalog, "rug") == await market.state(catalog, "rug")


async def test_another_who_wrote_as_much_is_not_mistaken_for_it(market):
    before, _ = await decided(market, priced(11))
    await market.do(catalog, "rug", RetireProduct())  # to the version that was supposed
    with pytest.raises(Conflict):
        await Commands(market.log).follow(call(), Receipt, attempting(priced(12)), before)
    rug = await market.state(catalog, "rug")
    assert (rug.retired, rug.price) == (True, Money(1000, "DZD"))


async def test_one_that_the_log_refused_is_followed_by_nobody(market):
    before, append = await decided(market, priced(11))
    await market.do(catalog, "rug", RetireProduct())

    async def attempt(work):
        with pytest.raises(Conflict):
            await market.log.append(append)
        return await attempting(priced(12))(work)

    with pytest.raises(Conflict):
        await Commands(market.log).follow(call(), Receipt, attempt, before)
    assert (await market.state(catalog, "rug")).retired


async def test_one_that_is_refused_in_the_same_batch_is_followed_by_nobody(market):
    before, append = await decided(market, priced(11))
    following = Work(market.log, call(), before=before)
    answer = await attempting(priced(12))(following)
    await market.do(catalog, "rug", RetireProduct())  # to the version that was supposed
    outcomes = await asyncio.gather(
        market.log.append(append),
        market.log.append(following.to_append(answer)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [Conflict, Conflict]
    assert (await market.state(catalog, "rug")).retired


async def test_what_was_stale_is_not_remembered(market):
    commands = Commands(market.log)
    await commands.peek(call(), catalog, "rug")
    await market.do(catalog, "rug", priced(11))  # by another process
    with pytest.raises(Conflict):
        await commands.follow(call(), Receipt, attempting(priced(12)), None)
    assert (await commands.peek(call(), catalog, "rug")).price == Money(11, "DZD")


async def test_what_has_no_number_yet_is_not_supposed(market):
    before = Work(market.log, call())
    await before.decide(offers, "spring", publish)
    assert before.leads_to() == {}


async def test_a_refusal_by_what_was_supposed_is_a_conflict_and_no_answer(market):
    before, _ = await decided(market, RetireProduct())
    with pytest.raises(Conflict):
        await Commands(market.log).follow(call(), Receipt, attempting(priced(12)), before)


async def test_what_the_other_only_read_is_not_supposed(market):
    before = Work(market.log, call())
    await before.load(catalog, "rug")
    assert before.leads_to() == {}
    await before.decide(catalog, "rug", priced(12))
    supposed = before.leads_to()[RUG]
    assert (supposed.version, supposed.value.price) == (2, Money(12, "DZD"))
