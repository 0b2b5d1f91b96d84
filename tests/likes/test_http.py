"""Likes over HTTP: said once or taken back once, whoever else does at the same time."""

import asyncio
from uuid import uuid4

import pytest

from tests.reels.house import refused, running

UNKNOWN = (404, "reels.unknown_reel")


@pytest.fixture(scope="module")
async def houses(stack, new_database):
    async with running(stack, new_database) as house:
        yield house


@pytest.fixture
async def house(houses):
    made = await houses()
    made.rug = await made.product("rug")
    made.id = await made.reel(made.rug)
    made.path = f"/reels/{made.id}/like"
    return made


async def like(house, client, method="PUT", path=None):
    return await house.done(client.send(method, path or house.path))


async def liked(house, client, *reels):
    return (await house.seen(client, "/reels/liked", reel=list(reels)))["reels"]


async def test_a_like_twice_is_one_and_so_is_taking_it_back(house):
    for method, wanted, version in (("PUT", True, 1), ("DELETE", False, 2), ("PUT", True, 3)):
        for _ in range(2):
            answer = await like(house, house.karim, method)
            assert (answer["liked"], answer["version"]) == (wanted, version)
            assert (await house.counters(house.id))["likes"] == int(wanted)
            assert await liked(house, house.karim, house.id) == [house.id] * wanted


async def test_what_was_never_liked_is_taken_back_without_news(house):
    answer = await like(house, house.karim, "DELETE")
    assert (answer["liked"], answer["version"]) == (False, 0)


async def test_a_toggle_again_with_its_key_gives_the_same_answer_byte_for_byte(house):
    first = await house.karim.post(house.path, key="one")
    again = await house.karim.post(house.path, key="one")
    assert (first.status_code, first.json()["liked"]) == (200, True)
    assert again.content == first.content
    other = await house.done(house.karim.post(house.path, key="two"))
    assert other["liked"] is False
    late = await house.karim.post(house.path, key="one")
    assert late.content == first.content
    assert (await house.counters(house.id))["likes"] == 0


async def test_a_toggle_needs_a_key_of_its_own(house):
    assert await refused(house.karim.send("POST", house.path)) == (400, "idempotency_key_missing")


async def test_two_toggles_with_one_key_at_once_are_one(house):
    answers = await asyncio.gather(*(house.karim.post(house.path, key="k") for _ in range(4)))
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (200, answers[0].content)
    }
    house.at = answers[0].json()["position"]
    assert (await house.counters(house.id))["likes"] == 1


async def test_however_many_like_it_at_once_each_counts_right_after(house):
    viewers = [house.of("buyer", f"viewer{number}") for number in range(12)]
    await asyncio.gather(*(like(house, viewer) for viewer in viewers))
    assert (await house.counters(house.id))["likes"] == 12
    assert (await house.seen(house.karim, f"/reels/{house.id}"))["counters"]["likes"] == 12
    changes = [like(house, viewer, "DELETE") for viewer in viewers[:7]]
    await asyncio.gather(like(house, house.amina), *changes)
    assert (await house.counters(house.id))["likes"] == 6


async def test_each_reel_in_the_feed_has_its_own_counters(house):
    other, third = [await house.reel(house.rug) for _ in range(2)]
    await like(house, house.karim)
    await like(house, house.basma)
    await like(house, house.karim, path=f"/reels/{other}/like")
    items = (await house.seen(house.karim, "/reels"))["items"]
    counted = {item["id"]: item["counters"]["likes"] for item in items}
    assert counted == {house.id: 2, other: 1, third: 0}


async def test_what_is_not_shown_is_not_liked(house):
    hidden, draft = await house.reel(house.rug), await house.draft(house.rug)
    await house.hide(hidden)
    for id in (hidden, draft, str(uuid4())):
        for client in (house.karim, house.amina):
            for method in ("PUT", "DELETE", "POST"):
                headers = {"idempotency-key": str(uuid4())}
                sent = client.send(method, f"/reels/{id}/like", headers)
                assert await refused(sent) == UNKNOWN


async def test_with_its_product_retired_a_reel_is_not_liked(house):
    await house.done(house.amina.post(f"/catalog/products/{house.rug}/retire"))
    assert await refused(house.karim.send("PUT", house.path)) == UNKNOWN
    await house.done(house.amina.post(f"/catalog/products/{house.rug}/restore"))
    assert (await like(house, house.karim))["liked"] is True


async def test_what_was_liked_may_be_taken_back_once_it_is_hidden(house):
    await like(house, house.karim)
    await like(house, house.basma)
    await house.hide(house.id)
    assert (await like(house, house.karim, "DELETE"))["liked"] is False
    assert await refused(house.karim.send("PUT", house.path)) == UNKNOWN
    await house.restore(house.id)
    assert (await house.counters(house.id))["likes"] == 1


async def test_who_asks_is_told_which_of_some_reels_they_like(house):
    other, third = [await house.reel(house.rug) for _ in range(2)]
    for id in (house.id, third):
        await like(house, house.karim, path=f"/reels/{id}/like")
    await like(house, house.basma, path=f"/reels/{other}/like")
    asked = [house.id, other, third, str(uuid4())]
    assert await liked(house, house.karim, *asked) == sorted([house.id, third])
    assert await liked(house, house.karim, other) == []
    assert await liked(house, house.basma, *asked) == [other]
    assert await liked(house, house.amina, *asked) == []


async def test_between_1_and_100_reels_are_asked_about_at_once(house):
    many = [str(uuid4()) for _ in range(101)]
    assert await liked(house, house.karim, *many[:100]) == []
    assert await refused(house.karim.get("/reels/liked", reel=many)) == (400, "malformed")
    assert await refused(house.karim.get("/reels/liked")) == (400, "malformed")
    assert await refused(house.karim.get("/reels/liked", reel=["rug"])) == (400, "malformed")


async def test_who_may_only_read_likes_nothing(house):
    for method in ("PUT", "DELETE"):
        assert await refused(house.olga.send(method, house.path)) == (403, "forbidden")
    assert await liked(house, house.olga, house.id) == []


async def test_in_another_tenant_the_same_name_likes_nothing_of_it(house, houses):
    await like(house, house.karim)
    other = await houses()
    other.at = house.at
    assert await refused(other.karim.send("PUT", house.path)) == UNKNOWN
    assert await refused(other.karim.send("DELETE", house.path)) == UNKNOWN
    assert await liked(other, other.karim, house.id) == []
    assert (await house.counters(house.id))["likes"] == 1
