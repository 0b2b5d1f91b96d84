"""What is not agreed on: by strangers, too late, too much, or malformed."""

from uuid import uuid4

from tests.negotiations.test_http import ASKED
from tests.offers.house import price, terms
from tests.reels.house import refused

UNKNOWN = (404, "negotiations.unknown_negotiation")
NO_OFFER = (404, "offers.unknown_offer")
FORBIDDEN = (403, "forbidden")
INACTIVE = (422, "offers.not_active")
MALFORMED = (400, "malformed")


async def test_only_whom_an_offer_is_for_answers_it(house):
    path = f"/offers/{house.id}/responses"
    for stranger in (house.ghani, house.nadia, house.imen, house.root):
        assert await refused(stranger.post(path, {"quantity": 10})) == NO_OFFER
    for stranger in (house.karim, house.olga):
        assert await refused(stranger.post(path, {"quantity": 10})) == FORBIDDEN
    nowhere = f"/offers/{uuid4()}/responses"
    assert await refused(house.farid.post(nowhere, {"quantity": 10})) == NO_OFFER


async def test_to_others_a_negotiation_is_not_there(house, houses):
    id, other = await house.respond(house.id, **ASKED), await houses()
    other.at = house.at
    path = f"/negotiations/{id}"
    for stranger in (house.fatma, house.ghani, other.farid, other.imen, other.root):
        there = house if stranger in (house.fatma, house.ghani) else other
        assert await there.unseen(stranger, path) == UNKNOWN
        assert (await there.seen(stranger, "/negotiations"))["items"] == []
    for stranger in (house.fatma, house.ghani, other.imen, house.root):
        for step, body in (
            ("counter", {"quantity": 10}),
            ("accept", None),
            ("decline", {}),
            ("withdraw", {}),
        ):
            assert await refused(stranger.post(f"{path}/{step}", body)) == UNKNOWN
    for stranger in (house.karim, house.olga):
        assert await refused(stranger.post(f"{path}/decline", {})) == FORBIDDEN
    assert await house.unseen(house.karim, path) == FORBIDDEN
    assert (await house.thread(id))["status"] == "open"


async def test_each_lists_their_own_and_staff_everyones(house):
    other = await house.publish(target="grossiste")
    first, second = await house.respond(house.id), await house.respond(house.id, house.fatma)
    third = await house.respond(other, house.ghani)
    await house.done(house.imen.post(f"/negotiations/{first}/decline", {}))

    async def listed(client, **query):
        shown = await house.seen(client, "/negotiations", **query)
        return [item["id"] for item in shown["items"]]

    for client, query, ids in (
        (house.imen, {}, [third, second, first]),
        (house.farid, {}, [first]),
        (house.ghani, {}, [third]),
        (house.nadia, {}, []),
        (house.root, {}, [third, second, first]),
        (house.olga, {}, [third, second, first]),
        (house.imen, {"offer": house.id}, [second, first]),
        (house.imen, {"status": "open"}, [third, second]),
        (house.imen, {"status": "declined", "offer": house.id}, [first]),
        (house.farid, {"offer": other}, []),
    ):
        assert await listed(client, **query) == ids, query
    assert await refused(house.imen.get("/negotiations", status="lost")) == MALFORMED
    assert await refused(house.imen.get("/negotiations", offer="tea")) == MALFORMED


async def test_when_the_offer_is_over_nothing_more_is_agreed_on(house):
    id = await house.respond(house.id, **ASKED)
    await house.done(house.imen.post(f"/offers/{house.id}/close", {}))
    thread = await house.thread(id)
    assert (thread["status"], thread["offer_over"]) == ("open", True)
    path = f"/negotiations/{id}"
    assert await refused(house.imen.post(f"{path}/accept")) == INACTIVE
    assert await refused(house.imen.post(f"{path}/counter", {"quantity": 10})) == INACTIVE
    sent = house.farid.post(f"/offers/{house.id}/responses", {"quantity": 10})
    assert await refused(sent) == INACTIVE
    await house.done(house.farid.post(f"{path}/withdraw", {}))
    assert (await house.thread(id))["status"] == "withdrawn"


async def test_what_is_sold_no_longer_is_not_ordered(house):
    id = await house.respond(house.id, **ASKED)
    product = f"/catalog/products/{house.tea}"
    gone = (422, "offers.not_sold")
    await house.done(house.imen.post(f"{product}/retire"))
    assert await refused(house.imen.post(f"/negotiations/{id}/accept")) == gone
    answered = house.fatma.post(f"/offers/{house.id}/responses", {"quantity": 10})
    assert await refused(answered) == gone
    await house.done(house.imen.post(f"{product}/restore"))
    await house.done(house.root.post("/identity/members/imen/dismiss-seller", {}))
    assert await refused(house.imen.post(f"/negotiations/{id}/accept")) == gone
    assert await house.stock() == (500, 0)


async def test_who_came_to_another_tier_agrees_on_nothing_and_neither_does_the_seller(house):
    id = await house.respond(house.id, **ASKED)
    path, gone = f"/negotiations/{id}/accept", (422, "negotiations.buyer_of_another_tier")
    await house.appoint("farid", "grossiste")
    assert await refused(house.imen.post(path)) == gone
    await house.counter(id, quantity=120)
    assert await refused(house.farid.post(path)) == gone
    await house.done(house.root.post("/identity/members/farid/dismiss-seller", {}))
    assert await refused(house.farid.post(path)) == gone
    assert (await house.thread(id))["status"] == "open"
    assert await house.stock() == (500, 0)
    await house.appoint("farid", "fournisseur")
    await house.accept(id, house.farid)
    assert await house.stock() == (380, 120)


async def test_a_seller_who_came_to_another_tier_sells_nothing_sideways(house):
    id = await house.respond(house.id, **ASKED)
    await house.appoint("imen", "fournisseur")
    gone = (422, "offers.tier_not_below")
    revised = house.imen.post(f"/offers/{house.id}/revise", terms((5, "9.00")))
    assert await refused(revised) == gone
    answered = house.fatma.post(f"/offers/{house.id}/responses", {"quantity": 10})
    assert await refused(answered) == gone
    assert await refused(house.imen.post(f"/negotiations/{id}/accept")) == gone
    await house.counter(id, quantity=120)
    assert await refused(house.farid.post(f"/negotiations/{id}/accept")) == gone
    assert await house.stock() == (500, 0)
    await house.done(house.root.post("/identity/members/imen/dismiss-seller", {}))
    staffs = house.root.post(f"/offers/{house.id}/revise", terms((5, "9.00")))
    assert await refused(staffs) == (422, "offers.seller_gone")
    await house.appoint("imen", "grossiste")
    await house.accept(id, house.farid)
    assert await house.stock() == (380, 120)


async def test_more_than_there_is_is_agreed_on_only_once_it_came(house):
    id = await house.respond(house.id, quantity=501)
    path = f"/negotiations/{id}/accept"
    assert await refused(house.imen.post(path)) == (422, "inventory.insufficient")
    assert (await house.thread(id))["status"] == "open"
    assert await house.stock() == (500, 0)
    await house.done(house.imen.post(f"/inventory/{house.tea}/receive", {"quantity": 1}))
    await house.accept(id)
    assert await house.stock() == (0, 501)


WRONG = [
    ({"quantity": 0}, MALFORMED),
    ({"quantity": 10**9 + 1}, MALFORMED),
    ({"quantity": None}, MALFORMED),
    ({"note": ""}, MALFORMED),
    ({"note": "x" * 501}, MALFORMED),
    ({"unit_price": "9.00"}, MALFORMED),
    ({"colour": "green"}, MALFORMED),
    ({"unit_price": price("-9")}, (422, "money.malformed")),
    ({"unit_price": {"amount": "9.00", "currency": "EUR"}}, (422, "offers.currency_mixed")),
    ({"quantity": 9}, (422, "offers.quantity_out_of_range")),
    (
        {"quantity": 10**9, "unit_price": price("10000.01")},
        (422, "offers.total_too_large"),
    ),
]


async def test_what_is_no_proposal_is_refused_at_first_and_later(house):
    responses = f"/offers/{house.id}/responses"
    id = await house.respond(house.id, **ASKED)
    for wrong, refusal in WRONG:
        assert await refused(house.farid.post(responses, {"quantity": 10} | wrong)) == refusal
        sent = house.imen.post(f"/negotiations/{id}/counter", {"quantity": 10} | wrong)
        assert await refused(sent) == refusal, wrong
    for wrong in ({"method": "Cash!"}, {"address": ""}, {"address": "x" * 1001}):
        sent = house.farid.post(responses, {"quantity": 10} | wrong)
        assert await refused(sent) == MALFORMED, wrong
    least = await house.publish(minimum=price("121.00"))
    sent = house.farid.post(f"/offers/{least}/responses", {"quantity": 10})
    assert await refused(sent) == (422, "offers.below_minimum")
    await house.respond(least, quantity=11)
    assert len((await house.thread(id))["turns"]) == 1
