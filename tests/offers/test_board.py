"""The board: who sees what is offered, and in which order."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.offers.house import price, terms
from tests.policies.market import until
from tests.reels.house import refused

UNKNOWN = (404, "offers.unknown_offer")
FORBIDDEN = (403, "forbidden")


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


async def test_what_cannot_be_taken_for_now_is_off_the_board(house):
    carpet = await house.product("carpet")
    tea, other = await house.publish(), await house.publish(product=carpet)
    product = f"/catalog/products/{house.tea}"
    await house.done(house.imen.post(f"{product}/retire"))
    assert await house.board(house.farid) == [other]
    assert await house.mine(house.imen) == [other, tea]
    assert not (await house.offer(tea))["on_sale"]
    await house.done(house.imen.post(f"{product}/restore"))
    assert await house.board(house.farid) == [other, tea]
    await house.done(house.root.post("/identity/members/imen/dismiss-seller", {}))
    assert await house.board(house.farid) == []
    await house.appoint("imen", "fournisseur")  # who would sell sideways
    assert await house.board(house.farid) == []
    assert not (await house.offer(tea))["seller_sells"]
    await house.appoint("imen", "grossiste")
    assert await house.board(house.farid) == [other, tea]


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


async def test_what_does_not_come_to_its_minimum_at_a_quantity_is_not_on_the_board_then(house):
    least = await house.publish((10, "12.00"), (100, "11.00"), minimum=price("150.00"))
    dear = await house.publish((1, "1.00"), minimum=price("9999999999999.00"))
    free = await house.publish((10, "10.00"))
    huge = await house.publish((10, "99999999999.00"))
    for quantity, ids in (
        (1, []),
        (12, [free, least, huge]),
        (13, [free, least, huge]),
        (10**9, [free, least]),
    ):
        shown = await house.board(house.farid, quantity=quantity)
        assert shown == [id for id in ids if (id, quantity) != (least, 12)], quantity
        for id in {least, dear, free, huge} - set(shown):
            sent = house.farid.post(f"/offers/{id}/responses", {"quantity": quantity})
            assert (await refused(sent))[0] == 422
    assert await house.board(house.farid) == [huge, free, dear, least]


async def test_of_equal_prices_the_earlier_comes_first_and_pages_leave_none_out(house):
    ids = [await house.publish() for _ in range(12)]
    pages = [await house.board(house.farid, quantity=10, page=page) for page in (1, 2)]
    assert pages == [ids[:10], ids[10:]]
    newest = [await house.board(house.farid, page=page) for page in (1, 2)]
    assert [*newest[0], *newest[1]] == ids[::-1]


async def short_lived(house):
    """The id of an offer that soon runs out: published with more time, where that was too little
    for the machine."""
    for seconds in (1, 5, 25):
        soon = datetime.now(UTC) + timedelta(seconds=seconds)
        body = terms(valid_until=soon.isoformat())
        new = body | {"product": house.tea, "target": "fournisseur"}
        answer = await house.imen.post("/offers", new)
        if answer.status_code == 201:
            house.at = answer.json()["position"]
            return answer.json()["id"]
        assert (answer.status_code, answer.json()["code"]) == (422, "offers.over_already")
    raise AssertionError("nothing is published within half a minute")


async def test_what_has_run_out_is_off_the_board_before_any_timer_fires(house):
    id = await short_lived(house)

    async def gone():
        return await house.board(house.farid) == []

    await until(gone)
    shown = await house.seen(house.farid, f"/offers/{id}")
    assert shown["status"] == "active"  # no policies run here
    over = (422, "offers.not_active")
    assert await refused(house.imen.post(f"/offers/{id}/revise", terms())) == over
    response = house.farid.post(f"/offers/{id}/responses", {"quantity": 10})
    assert await refused(response) == over
