"""Views over HTTP: of what is shown, wherever it was published, and while Valkey is away."""

from uuid import uuid4

from redis.asyncio import Redis

from adapters.engagement.gathering import Gathering
from adapters.engagement.watched import GATHERED, SLOW, Watched
from tests.engagement.ground import drafted, events_of, published
from tests.policies.market import call
from tests.support.http import page, running_api

NOWHERE = "redis://127.0.0.1:1/0"
SECONDS = {"seconds": 5}


async def shown(api, seller="ada"):
    await api.market(seller)
    product = await api.product(seller, "tea")
    return await published(api.souk, "bazaar", seller, product)


async def viewed(client, reel, **seconds):
    answer = await client.post(f"/reels/{reel}/view", seconds or SECONDS)
    assert answer.status_code == 200, answer.text
    return answer.json()["counted"]


async def test_over_http_two_seconds_make_a_view_once_for_each_viewer(api):
    reel, mia, noa = await shown(api), api.of("buyer", "mia"), api.of("buyer", "noa")
    for seconds in (0, 1.999):
        assert not await viewed(mia, reel, seconds=seconds)
    assert await viewed(mia, reel, seconds=2)
    assert not await viewed(mia, reel, seconds=86_400)
    assert await viewed(noa, reel)
    watched = Watched(api.souk.settings.valkey_url, SLOW)
    await Gathering(api.souk.settings.postgres_url, api.souk.log, watched).step()
    await watched.close()
    head = (await events_of(api.souk.project))[-1].position
    card = (await mia.get(f"/reels/{reel}", after=head)).json()
    assert card["counters"] == {"likes": 0, "comments": 0, "views": 2}


async def test_a_view_takes_no_key_and_within_the_window_needs_none(api):
    reel, mia = await shown(api), api.of("buyer", "mia")
    for seconds, counted in ((1, False), (5, True), (5, False), (1, False)):
        answer = await mia.post(f"/reels/{reel}/view", {"seconds": seconds}, key="k")
        assert (answer.status_code, answer.json()) == (200, {"counted": counted})
    operation = page()["paths"]["/api/v1/reels/{id}/view"]["post"]
    assert [each["name"] for each in operation["parameters"]] == ["id"]
    assert "It takes no Idempotency-Key" in operation["description"]


async def test_an_auditor_who_watches_changes_nothing(api):
    reel = await shown(api)
    answer = await api.of("auditor", "olga").post(f"/reels/{reel}/view", SECONDS)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    async with Redis.from_url(api.souk.settings.valkey_url) as client:
        assert not await client.exists(GATHERED)


async def test_what_is_not_shown_is_not_watched(api):
    reel, mia = await shown(api), api.of("buyer", "mia")
    product = await api.product("ada", "mint")
    draft = await drafted(api.souk, "bazaar", "ada", product)
    await api.souk.reels.hide(call(actor="ada"), reel, "ada")
    for id in (draft, reel, str(uuid4())):
        for seconds in (0, 5):
            answer = await mia.post(f"/reels/{id}/view", {"seconds": seconds})
            assert (answer.status_code, answer.json()["code"]) == (404, "reels.unknown_reel")
    async with Redis.from_url(api.souk.settings.valkey_url) as client:
        assert not await client.exists(GATHERED)


async def test_malformed_views_are_refused(api):
    reel, mia = await shown(api), api.of("buyer", "mia")
    for body in ({}, {"seconds": -1}, {"seconds": 86_401}, {"seconds": "long"}, {"seconds": None}):
        assert (await mia.post(f"/reels/{reel}/view", body)).status_code == 400, body
    assert (await api.http.post(f"/api/v1/reels/{reel}/view", json=SECONDS)).status_code == 401


async def test_what_another_process_published_is_watched_here(stack, database, api):
    async with running_api(stack, database, projecting=False) as other:
        await api.market("ada")
        product = await api.product("ada", "tea")
        reel = await drafted(other.souk, "bazaar", "ada", product)
        await api.souk.reels.publish(call(actor="ada"), reel, "ada")
        assert await viewed(other.of("buyer", "mia"), reel)


async def test_what_another_process_hid_is_not_watched_here(stack, database, api):
    async with running_api(stack, database, projecting=False) as other:
        reel = await shown(api)
        assert await viewed(other.of("buyer", "mia"), reel)
        await api.souk.reels.hide(call(actor="ada"), reel, "ada")
        answer = await other.of("buyer", "noa").post(f"/reels/{reel}/view", SECONDS)
        assert answer.status_code == 404


async def test_without_valkey_views_are_unavailable_and_all_else_goes_on(stack, database):
    async with running_api(stack, database, valkey_url=NOWHERE) as api:
        reel, mia = await shown(api), api.of("buyer", "mia")
        answer = await mia.post(f"/reels/{reel}/view", SECONDS)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"]
        assert not await viewed(mia, reel, seconds=1)
        liked = await mia.send("PUT", f"/reels/{reel}/like")
        feed = await mia.get("/reels", after=liked.json()["position"])
        (card,) = feed.json()["items"]
        assert card["counters"] == {"likes": 1, "comments": 0, "views": 0}
