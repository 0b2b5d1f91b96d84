"""Assets that share objects, room that runs out, and what is purged."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from adapters.media.purging import Purging, idle
from adapters.projector.leader import connected
from domain.media import Purged
from domain.storage import ObjectDropped, ObjectErased, QuotaNearlyReached
from tests.policies.market import until
from tests.support.commands import souk
from tests.support.pictures import picture

JPEG = picture(400, 300)
LATER = datetime.now(UTC) + timedelta(days=1)


@asynccontextmanager
async def purging(house):
    parts = house.souk
    async with connected(parts.settings.postgres_url, "test") as db:
        run = Purging(db, parts.log, parts.objects, house.tenant, "operator")
        yield run, lambda: idle(db, house.tenant, LATER)


async def quota(house, bytes):
    done = await house.root.post("/storage/quota", {"quota": bytes})
    assert done.status_code == 200


async def test_the_same_bytes_twice_are_one_object_and_counted_once(working):
    one = await working.settled(await working.upload(JPEG))
    kept, used = await working.objects(), (await working.usage())["used"]
    two = await working.settled(await working.upload(JPEG, working.basma))
    assert two["sha256"] == one["sha256"]
    assert await working.objects() == kept
    assert used == len(JPEG) + sum(r["size"] for r in one["renditions"])
    assert (await working.usage())["used"] == used


async def test_at_80_percent_it_is_told_and_at_100_uploads_are_refused(working):
    asset = await working.settled(await working.upload(JPEG))
    await quota(working, (await working.usage())["used"])
    assert (await working.usage())["warning"] is True
    assert len(await working.happened(QuotaNearlyReached)) == 1
    kept = await working.objects()
    within_json = await working.inline(picture(20, 20))
    asked = await working.amina.post("/media", {"kind": "image"})
    for refused in (within_json, asked):
        assert (refused.status_code, refused.json()["code"]) == (422, "storage.quota_reached")
    assert await working.objects() == kept
    assert asset["status"] == "rendered"


async def test_what_was_let_in_but_finds_no_room_is_rejected_and_leaves_nothing(working):
    await quota(working, len(JPEG) + 1)
    asset = await working.settled(await working.upload(JPEG))
    assert asset["rejected"]["code"] == "storage.quota_reached"
    assert (await working.usage())["used"] == 0
    await until(lambda: _empty(working))


async def _empty(house):
    return not await house.objects()


async def test_an_image_may_be_as_large_as_the_tenant_says(house):
    done = await house.root.post("/storage/image-limit", {"largest": 100})
    assert done.status_code == 200
    assert (await house.request())["largest"] == 100
    refused = await house.amina.post("/media", {"kind": "image", "size": 101})
    assert refused.json()["code"] == "media.too_large"
    assert (await house.request(kind="video"))["largest"] == 100_000_000


async def test_an_object_is_erased_with_its_last_asset_and_its_room_is_free(working):
    one = await working.settled(await working.upload(JPEG))
    two = await working.settled(await working.upload(JPEG, working.basma))
    kept = await working.objects()
    async with purging(working) as (run, found):
        first, second = await found()
        assert {first.id, second.id} == {one["id"], two["id"]}
        assert await run.purge(first)
        assert await working.objects() == kept
        assert await run.purge(second)
    assert await working.objects() == set()
    assert len(await working.happened(Purged)) == 2
    assert len(await working.happened(ObjectErased)) == 1
    assert (await working.usage())["used"] == 0


async def test_each_crop_takes_room_once_until_all_of_it_goes(working):
    id = await working.upload(JPEG)
    await working.settled(id)
    used = [0, (await working.usage())["used"]]
    for left in (1, 2, 1):
        await working.crop(id, left)
        await working.settled(id)
        used.append((await working.usage())["used"])
    none, whole, one, two, again = used
    assert none < whole < one < two == again
    async with purging(working) as (run, found):
        (idle,) = await found()
        assert await run.purge(idle)
    assert (await working.usage())["used"] == 0
    assert await working.objects() == set()


async def test_crops_that_find_no_room_leave_the_bucket_and_the_asset_as_they_were(working):
    id = await working.upload(JPEG)
    await working.settled(id)
    await working.crop(id, 1)
    before = await working.settled(id)
    kept, used = await working.objects(), (await working.usage())["used"]
    await quota(working, used + 10)
    for left in (2, 3, 4):
        await working.crop(id, left)
        after = await working.settled(id)
        assert after["rejected"]["code"] == "storage.quota_reached"
        assert after["crop"] == before["crop"]
        assert after["renditions"] == before["renditions"]
        assert await working.objects() == kept
    assert await working.kept() == used == (await working.usage())["used"]


async def test_what_is_shown_or_was_touched_meanwhile_stays(working):
    product = await working.api.product("amina", "tea", tenant=working.tenant)
    asset = await working.settled(await working.upload(JPEG))
    path, body = f"/media/{asset['id']}", {"product": product}
    async with purging(working) as (run, found):
        (seen,) = await found()
        shown = await working.amina.post(f"{path}/attach", body)
        assert not await run.purge(seen)
        await working.now(path, shown)
        assert await found() == []
        released = await working.amina.post(f"{path}/release", body)
        assert not await run.purge(seen)
        await working.now(path, released)
        assert len(await found()) == 1
    assert (await working.state(asset["id"])).rendered


async def test_a_purge_that_was_killed_is_finished_by_the_next(working):
    await working.settled(await working.upload(JPEG))
    async with purging(working) as (run, found):
        (asset,) = await found()
        assert await run._said(asset)
        assert await working.objects()
        assert len(await working.happened(ObjectDropped)) == 1
        await working.usage()  # so that its row is there
        await run.finish()
    assert await working.objects() == set()


async def test_bytes_that_come_again_after_a_drop_are_kept(working):
    await working.settled(await working.upload(JPEG))
    async with purging(working) as (run, found):
        (asset,) = await found()
        assert await run._said(asset)
        again = await working.settled(await working.upload(JPEG))
        await run._erase(again["sha256"])
    assert len(await working.objects()) == 1 + len(again["renditions"])


async def test_the_command_tells_what_it_would_do_and_does_it_when_told(working):
    await working.settled(await working.upload(JPEG))
    words = ("media", "purge", "--tenant", working.tenant)
    assert "0 would be purged" in (await souk(working.api, *words)).output
    told = await souk(working.api, *words, "--older-than", "0")
    assert "1 would be purged" in told.output, told.output
    assert await working.objects()
    done = await souk(working.api, *words, "--older-than", "0", "--yes")
    assert "1 purged" in done.output, done.output
    assert await working.objects() == set()
