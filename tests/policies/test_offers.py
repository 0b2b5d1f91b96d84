"""Offers and proposals end by themselves, each at its time and once, also after a downtime."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from adapters.policies.outcomes import PARKED, Outcome, keep
from adapters.policies.retrying import Retrying
from adapters.policies.timers import Clockwork, due
from adapters.postgres.pools import borrow
from adapters.projector.engine import Engine
from application.negotiations import Negotiations, Proposed
from application.offers import Offers
from application.policies import TIMERS
from application.policies.kernel import Timer
from domain import identity, inventory, negotiations, offers
from domain.identity import AddMember, AppointSeller
from domain.inventory import ReceiveStock
from domain.kernel import Rejected
from domain.money import Money
from domain.negotiations import ResponseExpired
from domain.offers import Break, OfferExpired, Terms
from projections import PROJECTIONS
from tests.policies.market import TENANT, call, market_at, until
from tests.policies.test_runner import running
from tests.support.clocks import MINUTES, set_ahead

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@asynccontextmanager
async def floor_at(url):
    async with market_at(url) as market:
        market.start = datetime.now(UTC)
        market.offers = Offers(market.commands)
        market.negotiations = Negotiations(market.commands, market.log)
        yield market


@pytest.fixture
async def floor(database):
    """imen offers tea to fournisseurs, until a day from ``start``."""
    async with floor_at(database) as floor:
        for user, tier in (("imen", "importateur"), ("farid", "fournisseur")):
            await floor.do(identity, user, AddMember("buyer"), AppointSeller(user, tier))
        await floor.product("tea", "imen", 100)
        yield floor


@pytest.fixture
async def elsewhere(floor, database):
    """The same, where Postgres is ahead of who asks it."""
    async with floor_at(set_ahead(database)) as elsewhere:
        yield elsewhere


def terms(until):
    return Terms("Tea", (Break(10, Money(1200, "DZD")),), until)


async def publish(floor, after=DAY):
    id = str(uuid4())
    said = call(actor="imen"), id, "imen", "tea", "fournisseur", terms(floor.start + after)
    await floor.offers.publish(*said)
    return id


async def revise(floor, id, after):
    await floor.offers.revise(call(actor="imen"), id, "imen", terms(floor.start + after))


async def respond(floor, offer, by="cod"):
    id = str(uuid4())
    proposed = Proposed(10, Money(1000, "DZD"))
    await floor.negotiations.respond(call(actor="farid"), id, offer, proposed, by, None)
    return id


async def counter(floor, negotiation):
    proposed = Proposed(10, Money(1100, "DZD"))
    await floor.negotiations.counter(call(actor="imen"), negotiation, proposed)


async def accept(floor, negotiation):
    return await floor.negotiations.accept(call(actor="imen"), negotiation)


async def project(floor):
    async with borrow(floor.pool) as db:
        for name in ("offers", "negotiations"):
            engine = Engine(name, PROJECTIONS[name])
            await engine.load(db)
            while await engine.step(db):
                pass


async def tick(floor, after):
    """The timers, as somebody looks at them that long after the start who never did before."""
    at = floor.start + after
    clock = Clockwork(TIMERS, floor.commands, lambda: at, 0, asyncio.Event(), at_once=1)
    async with borrow(floor.pool) as db:
        while await clock.tick(db):
            pass
        return [each.id for name in ("offers", "negotiations") for each in await due(db, name, at)]


async def status(floor, offer, negotiation):
    return (
        (await floor.state(offers, offer)).status,
        (await floor.state(negotiations, negotiation)).status,
    )


async def ended(floor):
    """Each thing that has expired, as often as it did."""
    return [r.id for kind in (OfferExpired, ResponseExpired) for r in await floor.happened(kind)]


async def test_both_end_at_their_time_and_not_before(floor):
    offer = await publish(floor)
    negotiation = await respond(floor, offer)
    await project(floor)
    assert await tick(floor, DAY - MINUTE) == []
    assert await status(floor, offer, negotiation) == ("active", "open")
    assert await tick(floor, DAY) == [offer, negotiation]
    assert await status(floor, offer, negotiation) == ("expired", "expired")


async def test_what_has_ended_by_postgres_s_clock_can_no_longer_be_taken(floor, elsewhere):
    offer = await publish(floor, MINUTES / 2 * MINUTE)
    negotiation = await respond(floor, offer)
    for way, code in (
        (publish(elsewhere, MINUTES * MINUTE), "over_already"),
        (revise(elsewhere, offer, DAY), "not_active"),
        (respond(elsewhere, offer), "not_active"),
        (counter(elsewhere, negotiation), "not_active"),
        (accept(elsewhere, negotiation), "over"),
    ):
        with pytest.raises(Rejected, match=code):
            await way
    assert await status(floor, offer, negotiation) == ("active", "open")


async def test_what_stands_by_postgres_s_clock_is_taken_and_reserved_by_it(elsewhere):
    offer = await publish(elsewhere, (MINUTES + 5) * MINUTE)
    negotiation = await respond(elsewhere, offer, by="card")
    placed = (await accept(elsewhere, negotiation)).order
    held = (await elsewhere.stock("tea")).reservations[placed]
    left = held.expires_at - elsewhere.start - MINUTES * MINUTE
    assert 10 * MINUTE < left < 16 * MINUTE


async def test_a_timer_that_was_parked_runs_out_by_postgres_s_clock_too(floor, elsewhere):
    offer = await publish(floor, MINUTES / 2 * MINUTE)
    await project(floor)
    fired = []

    async def fires(commands, call, due):
        fired.append(due.id)

    async with borrow(floor.pool) as db:
        place = (await due(db, "offers", floor.start + DAY))[0].position
        parked = Outcome(TENANT, "offers", place, PARKED, "RuntimeError", "")
        await keep(db, [parked])
    async with borrow(elsewhere.pool) as db:
        await Retrying(db, elsewhere.log).timers({"offers": Timer("offers", fires)})
    assert fired == [offer]


async def test_both_end_once_however_often_one_looks_and_whatever_the_rows_say_yet(floor):
    offer = await publish(floor)
    negotiation = await respond(floor, offer)
    await project(floor)
    for _ in range(3):  # the rows are behind
        await tick(floor, DAY)
    await project(floor)
    assert await tick(floor, 2 * DAY) == []
    assert await ended(floor) == [offer, negotiation]


async def test_what_ran_out_while_nothing_ran_ends_when_somebody_looks_again(floor):
    offered = [await publish(floor, n * DAY) for n in (1, 2, 3, 9)]
    answered = [await respond(floor, offer) for offer in offered]
    await project(floor)
    await tick(floor, 4 * DAY)
    assert await ended(floor) == offered[:3] + answered[:3]
    assert await status(floor, offered[3], answered[3]) == ("active", "open")


async def test_what_happened_while_the_projector_was_down_too_ends_all_the_same(floor):
    offer = await publish(floor)
    negotiation = await respond(floor, offer)
    assert await tick(floor, 9 * DAY) == []  # nobody has told the timers yet
    await project(floor)
    await tick(floor, 9 * DAY)
    assert await status(floor, offer, negotiation) == ("expired", "expired")


async def test_a_revised_offer_does_not_end_early_also_when_its_row_is_behind(floor):
    offer = await publish(floor)
    negotiation = await respond(floor, offer)
    await project(floor)
    await revise(floor, offer, 3 * DAY)
    assert await tick(floor, DAY) == [offer, negotiation]
    assert await status(floor, offer, negotiation) == ("active", "expired")
    await project(floor)
    assert await tick(floor, 3 * DAY - MINUTE) == []
    assert await ended(floor) == [negotiation]
    await tick(floor, 3 * DAY)
    await project(floor)
    await tick(floor, 4 * DAY)
    assert await ended(floor) == [offer, negotiation]


async def test_an_offer_that_was_made_shorter_ends_at_its_new_time(floor):
    offer = await publish(floor, 3 * DAY)
    await project(floor)
    await revise(floor, offer, DAY)
    await project(floor)
    await tick(floor, DAY)
    assert await ended(floor) == [offer]


async def test_a_counter_proposal_stands_as_long_as_the_offer_does_by_then(floor):
    offer = await publish(floor)
    negotiation = await respond(floor, offer)
    await revise(floor, offer, 2 * DAY)
    await floor.negotiations.counter(call(actor="imen"), negotiation, Proposed(20))
    await project(floor)
    await tick(floor, DAY)
    assert await status(floor, offer, negotiation) == ("active", "open")
    await tick(floor, 2 * DAY)
    assert await status(floor, offer, negotiation) == ("expired", "expired")


async def test_what_is_over_already_has_no_timer(floor):
    closed, taken = await publish(floor), await publish(floor, 9 * DAY)
    declined, accepted = await respond(floor, closed), await respond(floor, taken)
    await floor.negotiations.decline(call(actor="imen"), declined)
    await floor.negotiations.accept(call(actor="imen"), accepted)
    await floor.offers.close(call(actor="imen"), closed, "imen")
    await project(floor)
    assert await tick(floor, 8 * DAY) == []
    assert await ended(floor) == []
    await floor.do(inventory, "tea", ReceiveStock(1))
    assert (await floor.stock("tea")).reserved == 10  # in cash: no timer of its own either


async def test_a_runner_ends_them_among_its_other_work(floor):
    offer = await publish(floor)
    negotiation = await respond(floor, offer)
    await project(floor)
    ahead = timedelta()

    async def both_expired():
        return await status(floor, offer, negotiation) == ("expired", "expired")

    async with running(floor, now=lambda: floor.start + ahead):
        await floor.settled()
        assert await status(floor, offer, negotiation) == ("active", "open")
        ahead = DAY
        await until(both_expired)
    assert await ended(floor) == [offer, negotiation]
    assert await floor.outcomes() == []
