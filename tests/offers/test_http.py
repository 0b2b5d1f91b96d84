"""Offers over HTTP, by role and by tier."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.offers.house import SELLERS, price, running, terms
from tests.policies.market import until
from tests.reels.house import refused

UNKNOWN = (404, "offers.unknown_offer")
NOT_BELOW = (422, "offers.tier_not_below")
FORBIDDEN = (403, "forbidden")
BELOW = {"importateur": {"grossiste", "fournisseur"}, "grossiste": {"fournisseur"}}


@pytest.fixture(scope="module")
async def houses(stack, new_database):
    async with running(stack, new_database) as house:
        yield house


@pytest.fixture
async def house(houses):
    return await houses()


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


async def test_one_sees_what_is_for_ones_own_tier_and_what_one_offers(house):
    carpet = await house.product("carpet", "ghani")
    wide = await house.publish(target="grossiste")
    narrow = await house.publish(target="fournisseur")
    theirs = await house.publish(by="ghani", product=carpet)
    boards = {
        house.imen: [],
        house.ghani: [wide],
        house.farid: [theirs, narrow],
        house.fatma: [theirs, narrow],
        house.nadia: [],
        house.root: [theirs, narrow, wide],
        house.olga: [theirs, narrow, wide],
    }
    for client, ids in boards.items():
        assert await house.board(client) == ids
    seen = {
        house.imen: {wide, narrow},
        house.ghani: {wide, theirs},
        house.nadia: set(),
        house.root: {wide, narrow, theirs},
        house.farid: {narrow, theirs},
        house.fatma: {narrow, theirs},
    }
    for client, ids in seen.items():
        for id in (wide, narrow, theirs):
            if id in ids:
                assert (await house.seen(client, f"/offers/{id}"))["id"] == id
            else:
                assert await house.unseen(client, f"/offers/{id}") == UNKNOWN
    mine = {house.imen: [narrow, wide], house.ghani: [theirs], house.farid: []}
    for client, ids in mine.items():
        assert await house.mine(client) == ids
    for path in ("/offers", "/offers/mine", f"/offers/{narrow}"):
        assert await house.unseen(house.karim, path) == FORBIDDEN


async def test_who_comes_to_another_tier_sees_what_is_for_that_one(house):
    wide, narrow = await house.publish(target="grossiste"), await house.publish()
    assert await house.board(house.farid) == [narrow]
    await house.appoint("farid", "grossiste")
    assert await house.board(house.farid) == [wide]
    await house.done(house.root.post("/identity/members/farid/dismiss-seller", {}))
    assert await house.board(house.farid) == []
    assert await house.unseen(house.farid, f"/offers/{wide}") == UNKNOWN


async def test_the_board_is_narrowed_by_category_product_and_seller(house):
    mint = await house.product("mint")
    carpet = await house.product("carpet", "ghani")
    both = await house.publish(categories=["tea", "gifts"])
    minted = await house.publish(product=mint, categories=["tea"])
    woven = await house.publish(by="ghani", product=carpet, categories=["textiles"])
    for query, ids in (
        ({"category": "tea"}, [minted, both]),
        ({"category": "gifts"}, [both]),
        ({"category": "te"}, []),
        ({"category": "{tea}"}, []),
        ({"product": mint}, [minted]),
        ({"product": str(uuid4())}, []),
        ({"seller": "ghani"}, [woven]),
        ({"seller": "ghani", "category": "tea"}, []),
        ({"seller": "imen", "category": "tea", "product": house.tea}, [both]),
    ):
        assert await house.board(house.farid, **query) == ids, query


async def test_the_board_is_sorted_by_the_price_at_a_quantity(house):
    flat = await house.publish((10, "11.50"))
    steep = await house.publish((10, "12.00"), (100, "11.00"))
    bulk = await house.publish((1000, "9.00"))
    cheap = await house.publish((20, "11.40"), (1000, "10.00"), categories=["tea"])
    for quantity, ids in (
        (9, []),
        (10, [flat, steep]),
        (19, [flat, steep]),
        (20, [cheap, flat, steep]),
        (99, [cheap, flat, steep]),
        (100, [steep, cheap, flat]),
        (999, [steep, cheap, flat]),
        (1000, [bulk, cheap, steep, flat]),
        (10**9, [bulk, cheap, steep, flat]),
    ):
        assert await house.board(house.farid, quantity=quantity) == ids, quantity
    assert await house.board(house.farid, quantity=1000, category="tea") == [cheap]
    assert await house.board(house.farid) == [cheap, bulk, steep, flat]


async def test_of_equal_prices_the_earlier_comes_first_and_pages_leave_none_out(house):
    ids = [await house.publish() for _ in range(12)]
    pages = [await house.board(house.farid, quantity=10, page=page) for page in (1, 2)]
    assert pages == [ids[:10], ids[10:]]
    newest = [await house.board(house.farid, page=page) for page in (1, 2)]
    assert [*newest[0], *newest[1]] == ids[::-1]


async def test_what_has_run_out_is_off_the_board_before_any_timer_fires(house):
    soon = datetime.now(UTC) + timedelta(seconds=2)
    id = await house.publish(valid_until=soon.isoformat())

    async def gone():
        return await house.board(house.farid) == []

    await until(gone)
    shown = await house.seen(house.farid, f"/offers/{id}")
    assert shown["status"] == "active"  # no policies run here
    over = (422, "offers.not_active")
    assert await refused(house.imen.post(f"/offers/{id}/revise", terms())) == over
    response = house.farid.post(f"/offers/{id}/responses", {"quantity": 10})
    assert await refused(response) == over


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
        ({"seller": "ghani"}, [open, closed]),  # they ask in vain
    ):
        assert await house.mine(house.imen, **query) == ids, query
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
    ({"title": ""}, MALFORMED),
    ({"title": "x" * 201}, MALFORMED),
    ({"description": "x" * 10_001}, MALFORMED),
    ({"categories": ["tea"] * 21}, MALFORMED),
    ({"categories": ["x" * 201]}, MALFORMED),
    ({"colour": "green"}, MALFORMED),
    ({"title": " "}, (422, "offers.title_missing")),
    ({"valid_until": "2020-05-16T12:00:00Z"}, (422, "offers.over_already")),
    ({"breaks": terms((5, "9.00"), (5, "8.00"))["breaks"]}, (422, "offers.breaks_not_ascending")),
    ({"breaks": terms((5, "9.00"), (6, "9.00"))["breaks"]}, (422, "offers.breaks_not_cheaper")),
    ({"breaks": terms((5, "9.001"))["breaks"]}, (422, "money.malformed")),
    ({"breaks": terms((5, "-9"))["breaks"]}, (422, "money.malformed")),
    ({"minimum": price("1e3")}, (422, "money.malformed")),
    ({"minimum": EURO}, (422, "offers.currency_mixed")),
]


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
