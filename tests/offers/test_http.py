"""Offers over HTTP, by role and by tier."""

import asyncio
from datetime import datetime
from uuid import uuid4

from tests.offers.house import SELLERS, price, terms
from tests.reels.house import refused

UNKNOWN = (404, "offers.unknown_offer")
NOT_BELOW = (422, "offers.tier_not_below")
FORBIDDEN = (403, "forbidden")
BELOW = {"importateur": {"grossiste", "fournisseur"}, "grossiste": {"fournisseur"}}


async def test_an_offer_is_published_revised_and_closed(house):
    said = {"description": "Of this year", "minimum": price("150.00"), "categories": ["tea"]}
    id = await house.publish(**said)
    path = f"/offers/{id}"
    shown = await house.seen(house.farid, path)
    assert (shown["number"], shown["status"], shown["version"]) == (1, "active", 1)
    assert (shown["seller"], shown["tier"], shown["target"]) == (
        "imen",
        "importateur",
        "fournisseur",
    )
    assert (shown["product"], shown["product_name"]) == (house.tea, "Tea")
    assert shown["breaks"] == terms()["breaks"]
    assert {name: shown[name] for name in said} == said
    assert (shown["orders"], shown["ordered"]) == (0, 0)

    new = terms((5, "13.00"), title="Tea by the box")
    await house.done(house.imen.post(f"{path}/revise", new))
    shown = await house.seen(house.farid, path)
    assert (shown["title"], shown["breaks"]) == ("Tea by the box", new["breaks"])
    assert (shown["minimum"], shown["categories"], shown["description"]) == (None, [], "")
    assert datetime.fromisoformat(shown["valid_until"]) == datetime.fromisoformat(
        new["valid_until"]
    )

    await house.done(house.imen.post(f"{path}/close", {"reason": "sold out"}))
    assert (await house.seen(house.imen, path))["status"] == "closed"
    assert await house.board(house.farid) == []
    revised = house.imen.post(f"{path}/revise", terms())
    assert await refused(revised) == (422, "offers.not_active")


async def test_saying_so_again_is_no_news(house):
    id = await house.publish()
    new = terms(title="Tea by the box")
    for step, body in (("revise", new), ("close", {}), ("close", {"reason": "again"})):
        first = await house.done(house.imen.post(f"/offers/{id}/{step}", body))
        if step == "revise":
            again = await house.done(house.imen.post(f"/offers/{id}/{step}", body))
            assert again["version"] == first["version"] == 2
    assert first["version"] == 3


async def test_a_retry_publishes_once(house):
    body = terms() | {"product": house.tea, "target": "grossiste"}
    answers = await asyncio.gather(*(house.imen.post("/offers", body, key="k") for _ in range(4)))
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (201, answers[0].content)
    }
    house.at = answers[0].json()["position"]
    assert await house.mine(house.imen) == [answers[0].json()["id"]]
    other = house.imen.post("/offers", body | {"title": "x"}, key="k")
    assert await refused(other) == (422, "idempotency_key_reused")


async def test_each_tier_offers_to_those_below_it_only(house):
    for seller, tier in SELLERS.items():
        product = await house.product(f"rug-{seller}", seller)
        for target in ("grossiste", "fournisseur"):
            if target in BELOW.get(tier, ()):
                await house.publish(by=seller, product=product, target=target)
            else:
                body = terms() | {"product": product, "target": target}
                sent = house.of("seller", seller).post("/offers", body)
                assert await refused(sent) == NOT_BELOW, (seller, target)
        body = terms() | {"product": product, "target": "importateur"}
        sent = house.of("seller", seller).post("/offers", body)
        assert await refused(sent) == (400, "malformed")


async def test_ones_own_are_listed_whatever_became_of_them(house):
    closed, open = await house.publish(), await house.publish()
    carpet = await house.product("carpet", "ghani")
    other = await house.publish(by="ghani", product=carpet)
    await house.done(house.imen.post(f"/offers/{closed}/close", {}))
    for query, ids in (
        ({}, [open, closed]),
        ({"status": "active"}, [open]),
        ({"status": "closed"}, [closed]),
        ({"status": "expired"}, []),
        ({"seller": "imen"}, [open, closed]),
    ):
        assert await house.mine(house.imen, **query) == ids, query
    named = house.imen.get("/offers/mine", seller="ghani")
    assert await refused(named) == (403, "forbidden")
    assert await house.mine(house.root) == [other, open, closed]
    assert await house.mine(house.root, seller="ghani") == [other]
    assert await house.mine(house.root, seller="imen", status="active") == [open]


async def test_a_seller_offers_and_changes_their_own_only_and_staff_anyones(house):
    body = terms() | {"product": house.tea, "target": "fournisseur"}
    assert await refused(house.ghani.post("/offers", body)) == (403, "catalog.not_yours")
    for client in (house.karim, house.olga):
        assert await refused(client.post("/offers", body)) == FORBIDDEN
    ghost = body | {"product": str(uuid4())}
    assert await refused(house.imen.post("/offers", ghost)) == (404, "catalog.unknown_product")
    id = (await house.done(house.root.post("/offers", body), 201))["id"]
    assert (await house.offer(id))["seller"] == "imen"
    for step, change in (("revise", terms()), ("close", {})):
        path = f"/offers/{id}/{step}"
        for client in (house.ghani, house.farid):
            assert await refused(client.post(path, change)) == UNKNOWN
        for client in (house.karim, house.olga):
            assert await refused(client.post(path, change)) == FORBIDDEN
    await house.done(house.root.post(f"/offers/{id}/revise", terms(title="By staff")))
    await house.done(house.root.post(f"/offers/{id}/close", {"reason": "a fake"}))
    shown = await house.offer(id)
    assert (shown["title"], shown["status"]) == ("By staff", "closed")


async def test_only_what_is_sold_is_offered(house):
    await house.done(house.imen.post(f"/catalog/products/{house.tea}/retire"))
    body = terms() | {"product": house.tea, "target": "fournisseur"}
    assert await refused(house.imen.post("/offers", body)) == (422, "catalog.retired")
    await house.done(house.imen.post(f"/catalog/products/{house.tea}/restore"))
    await house.done(house.root.post("/identity/members/imen/dismiss-seller", {}))
    assert await refused(house.root.post("/offers", body)) == (422, "offers.seller_gone")


async def test_in_another_tenant_there_is_nothing_of_it(house, houses):
    id, other = await house.publish(), await houses()
    other.at = house.at
    for stranger in (other.imen, other.farid, other.root, other.olga):
        assert await other.board(stranger) == []
        assert await other.unseen(stranger, f"/offers/{id}") == UNKNOWN
    for stranger in (other.imen, other.root):
        for step, body in (("revise", terms()), ("close", {})):
            assert await refused(stranger.post(f"/offers/{id}/{step}", body)) == UNKNOWN
    assert await refused(other.farid.post(f"/offers/{id}/responses", {"quantity": 10})) == UNKNOWN
    theirs = terms() | {"product": house.tea, "target": "fournisseur"}
    assert await refused(other.imen.post("/offers", theirs)) == (404, "catalog.unknown_product")
    assert await house.board(house.farid) == [id]


MALFORMED = (400, "malformed")
EURO = {"amount": "9.00", "currency": "EUR"}
WRONG = [
    ({"breaks": []}, MALFORMED),
    ({"breaks": terms(*((n, "9.00") for n in range(1, 22)))["breaks"]}, MALFORMED),
    ({"breaks": [{"quantity": 0, "unit_price": price("9.00")}]}, MALFORMED),
    ({"breaks": [{"quantity": 10**9 + 1, "unit_price": price("9.00")}]}, MALFORMED),
    ({"breaks": [{"quantity": 1.5, "unit_price": price("9.00")}]}, MALFORMED),
    ({"breaks": [{"quantity": 5}]}, MALFORMED),
    ({"breaks": [{"quantity": 5, "unit_price": 9.0}]}, MALFORMED),
    ({"valid_until": "2030-05-16T12:00:00"}, MALFORMED),
    ({"valid_until": "tomorrow"}, MALFORMED),
    ({"valid_until": 1900000000}, MALFORMED),
    ({"valid_until": "1900000000"}, MALFORMED),
    ({"valid_until": 253402300800}, MALFORMED),
    ({"valid_until": "253402300799.9999999"}, MALFORMED),
    ({"valid_until": "9999-12-31T23:59:59-14:00"}, MALFORMED),
    ({"title": ""}, MALFORMED),
    ({"title": "x" * 201}, MALFORMED),
    ({"description": "x" * 10_001}, MALFORMED),
    ({"categories": ["tea"] * 21}, MALFORMED),
    ({"categories": ["x" * 201]}, MALFORMED),
    ({"categories": [""]}, MALFORMED),
    ({"colour": "green"}, MALFORMED),
    ({"title": " "}, (422, "offers.title_missing")),
    ({"valid_until": "2020-05-16T12:00:00Z"}, (422, "offers.over_already")),
    ({"breaks": terms((5, "9.00"), (5, "8.00"))["breaks"]}, (422, "offers.breaks_not_ascending")),
    ({"breaks": terms((5, "9.00"), (6, "9.00"))["breaks"]}, (422, "offers.breaks_not_cheaper")),
    ({"breaks": terms((5, "9.001"))["breaks"]}, (422, "money.malformed")),
    ({"breaks": terms((5, "-9"))["breaks"]}, (422, "money.malformed")),
    ({"minimum": price("1e3")}, (422, "money.malformed")),
    ({"minimum": EURO}, (422, "offers.currency_mixed")),
    ({"breaks": [{"quantity": 5, "unit_price": EURO}]}, (422, "offers.currency_mixed")),
]


async def test_how_long_it_stands_may_be_said_in_any_zone(house):
    id = await house.publish(valid_until="2030-05-17T11:59:00+23:59")
    assert (await house.seen(house.imen, f"/offers/{id}"))["valid_until"] == "2030-05-16T12:00:00Z"


async def test_what_is_no_offer_is_refused_at_first_and_later(house):
    id = await house.publish()
    new = terms() | {"product": house.tea, "target": "fournisseur"}
    for wrong, refusal in WRONG:
        assert await refused(house.imen.post("/offers", new | wrong)) == refusal, wrong
        revised = house.imen.post(f"/offers/{id}/revise", terms() | wrong)
        assert await refused(revised) == refusal, wrong
    for wrong in ({"product": "tea"}, {"target": "buyer"}, {"target": None}):
        assert await refused(house.imen.post("/offers", new | wrong)) == MALFORMED, wrong
    assert (await house.offer(id))["version"] == 1
    for query in (
        {"quantity": 0},
        {"quantity": 10**9 + 1},
        {"quantity": "x"},
        {"product": "tea"},
        {"seller": "a b"},
        {"category": "x" * 201},
    ):
        assert await refused(house.farid.get("/offers", **query)) == MALFORMED, query
    assert await refused(house.imen.get("/offers/mine", status="sold")) == MALFORMED
