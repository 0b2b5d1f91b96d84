"""However many agree at once, what is sold is there, once, and nothing is half written."""

import asyncio
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from application.commands import Commands
from application.negotiations import Negotiations, Proposed
from application.offers import Offers
from application.ports import Key
from domain import identity, inventory, negotiations, offers
from domain.identity import AddMember, AppointSeller
from domain.inventory import ReceiveStock, StockReserved
from domain.kernel import Rejected
from domain.money import Money
from domain.negotiations import ResponseAccepted
from domain.offers import Break, OfferClosed, OfferOrdered, Terms
from domain.orders import OrderPlaced
from tests.offers.house import price
from tests.policies.market import call, market_at
from tests.support.patience import PATIENCE

AGREED = Counter((ResponseAccepted, OfferOrdered, OrderPlaced, StockReserved))
BUYERS = 12


class Floor:
    """A market with an importateur's tea and fournisseurs to whom it is offered. Each of the
    ``processes`` queues its own commands; between them only the log decides."""

    def __init__(self, market, processes):
        self.market = market
        shops = [Commands(market.log, patience=PATIENCE) for _ in range(processes)]
        self.offers = [Offers(commands) for commands in shops]
        self.negotiations = [Negotiations(commands, market.log) for commands in shops]

    async def publish(self):
        terms = Terms(
            "Tea", (Break(10, Money(1200, "DZD")),), datetime.now(UTC) + timedelta(days=1)
        )
        id = str(uuid4())
        by = call(actor="imen")
        await self.offers[0].publish(by, id, "imen", "tea", "fournisseur", terms)
        return id

    async def respond(self, offer, number, quantity=10):
        id, by = str(uuid4()), call(actor=f"b{number}")
        proposed = Proposed(quantity, Money(1000 + number, "DZD"))
        await self.negotiations[0].respond(by, id, offer, proposed, "cod", None)
        return id

    async def accept(self, id, number, **more):
        shop = self.negotiations[number % len(self.negotiations)]
        return await outcome(shop.accept(call(actor="imen", **more), id))

    async def agreed(self):
        """The negotiations that came to an order; that each did wholly is asserted."""
        commands, found = defaultdict(list), []
        for recorded in await self.market.events():
            commands[recorded.command_id].append(recorded)
        for together in commands.values():
            kinds = Counter(type(r.event) for r in together)
            written = Counter({kind: kinds[kind] for kind in AGREED if kinds[kind]})
            assert written in (Counter(), AGREED)
            found += [r for r in together if isinstance(r.event, ResponseAccepted)]
            if written:
                one = {type(r.event): r for r in together}
                placed, ordered = one[OrderPlaced], one[OfferOrdered].event
                (line,) = placed.event.lines
                assert one[ResponseAccepted].event.order == placed.id == ordered.order
                assert (line.quantity, line.unit_price) == (ordered.quantity, ordered.unit_price)
                assert one[StockReserved].event.order == placed.id
        return [recorded.id for recorded in found]


async def outcome(sent):
    """ "done", or the code of the refusal."""
    try:
        await sent
    except Rejected as refusal:
        return refusal.code
    return "done"


@pytest.fixture(params=[1, 3])
async def floor(database, request):
    async with market_at(database, {}) as market:
        tiers = {"imen": "importateur", **{f"b{n}": "fournisseur" for n in range(BUYERS)}}
        for user, tier in tiers.items():
            await market.do(identity, user, AddMember("buyer"), AppointSeller(user, tier))
        await market.product("tea", "imen", 0)
        yield Floor(market, request.param)


async def test_of_two_acceptances_one_wins_when_there_is_stock_for_one(floor):
    await floor.market.do(inventory, "tea", ReceiveStock(19))
    offer = await floor.publish()
    both = [await floor.respond(offer, number) for number in range(2)]
    done = await asyncio.gather(*(floor.accept(id, n) for n, id in enumerate(both)))

    assert sorted(done) == ["done", "inventory.insufficient"]
    won, lost = both[done.index("done")], both[1 - done.index("done")]
    assert await floor.agreed() == [won]
    assert (await floor.market.stock("tea")).available == 9
    assert (await floor.market.state(negotiations, lost)).status == "open"
    streams = [r.stream for r in await floor.market.events()]
    assert streams.count(f"bazaar/negotiations/{lost}") == 1


async def test_with_stock_for_both_both_are_agreed_on(floor):
    await floor.market.do(inventory, "tea", ReceiveStock(20))
    offer = await floor.publish()
    both = [await floor.respond(offer, number) for number in range(2)]
    done = await asyncio.gather(*(floor.accept(id, n) for n, id in enumerate(both)))

    assert done == ["done", "done"]
    assert sorted(await floor.agreed()) == sorted(both)
    assert (await floor.market.stock("tea")).available == 0
    placed = await floor.market.happened(OrderPlaced)
    assert sorted(r.event.number for r in placed) == [1, 2]
    assert {(r.event.buyer, r.event.total.minor) for r in placed} == {
        ("b0", 10_000),
        ("b1", 10_010),
    }


async def test_of_a_crowd_as_many_are_agreed_on_as_there_is_stock_for(floor):
    await floor.market.do(inventory, "tea", ReceiveStock(57))
    several = [await floor.publish() for _ in range(3)]
    ids = [await floor.respond(several[n % 3], n) for n in range(BUYERS)]
    done = await asyncio.gather(*(floor.accept(id, n) for n, id in enumerate(ids)))

    assert Counter(done) == {"done": 5, "inventory.insufficient": BUYERS - 5}
    assert len(await floor.agreed()) == 5
    assert (await floor.market.stock("tea")).available == 7


async def test_the_same_acceptance_twenty_times_at_once_is_one_order(floor):
    await floor.market.do(inventory, "tea", ReceiveStock(1000))
    id = await floor.respond(await floor.publish(), 0)
    key = Key("imen", "accept", "k", b"same")
    shops = floor.negotiations

    async def accept(number):
        return await shops[number % len(shops)].accept(call(actor="imen", key=key), id)

    answers = await asyncio.gather(*(accept(number) for number in range(20)))
    assert answers == [answers[0]] * 20
    assert await floor.agreed() == [id]
    assert len(await floor.market.happened(OrderPlaced)) == 1
    assert (await floor.market.stock("tea")).available == 990


async def test_twenty_acceptances_without_a_key_are_one_order_too(floor):
    await floor.market.do(inventory, "tea", ReceiveStock(1000))
    id = await floor.respond(await floor.publish(), 0)
    done = await asyncio.gather(*(floor.accept(id, number) for number in range(20)))
    assert Counter(done) == {"done": 1, "negotiations.over": 19}
    assert await floor.agreed() == [id]
    assert (await floor.market.stock("tea")).available == 990


async def test_an_acceptance_and_the_closing_of_its_offer_are_in_one_order_or_the_other(floor):
    await floor.market.do(inventory, "tea", ReceiveStock(1000))
    expected, offered = [], []
    for number in range(10):
        offered.append(await floor.publish())
        id = await floor.respond(offered[-1], number)
        close = floor.offers[-1].close(call(actor="imen"), offered[-1], "imen")
        racing = [floor.accept(id, number), outcome(close)]
        if number % 2:
            closed, accepted = await asyncio.gather(*reversed(racing))
        else:
            accepted, closed = await asyncio.gather(*racing)
        assert closed == "done"
        assert accepted in ("done", "offers.not_active")
        expected += [id] * (accepted == "done")
    assert sorted(await floor.agreed()) == sorted(expected)
    for offer in offered:
        past = [r.event for r in await floor.market.events() if r.stream.endswith(offer)]
        assert isinstance(past[-1], OfferClosed)
        assert (await floor.market.state(offers, offer)).status == "closed"


async def test_an_acceptance_and_a_withdrawal_are_never_both(floor):
    await floor.market.do(inventory, "tea", ReceiveStock(1000))
    offer, expected = await floor.publish(), []
    for number in range(10):
        id = await floor.respond(offer, number)
        withdraw = floor.negotiations[-1].withdraw(call(actor=f"b{number}"), id)
        done = await asyncio.gather(floor.accept(id, number), outcome(withdraw))
        assert sorted(done) == ["done", "negotiations.over"]
        expected += [id] * (done[0] == "done")
    assert sorted(await floor.agreed()) == sorted(expected)


async def test_over_http_the_other_hears_that_there_is_not_enough(houses):
    house = await houses(stock=150)
    offer = await house.publish()
    both = [await house.respond(offer, c, quantity=100) for c in (house.farid, house.fatma)]
    sent = [house.imen.post(f"/negotiations/{id}/accept") for id in both]
    answers = await asyncio.gather(*sent)

    told = sorted((answer.status_code, answer.json().get("code")) for answer in answers)
    assert told == [(200, None), (422, "inventory.insufficient")]
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    house.at = won["position"]
    sold = (await house.seen(house.imen, "/orders", **{"as": "seller"}))["items"]
    assert [(o["id"], o["total"]) for o in sold] == [(won["order"], price("1100.00"))]
    assert await house.stock() == (50, 100)
    states = [(await house.thread(id))["status"] for id in both]
    assert sorted(states) == ["accepted", "open"]
