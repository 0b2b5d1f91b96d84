"""A person's uploads go by the log's own rules; what somebody else has uploaded too stays."""

import hashlib
from uuid import uuid4

import pytest

from adapters.media import keys
from adapters.media.objects import Objects
from domain.media import Attach, Render, Rendition
from tests.erasures.test_canaries import differences
from tests.erasures.town import Town
from tests.policies.market import call
from tests.support.http import running_api

TENANT = "bazaar-files"  # of the bucket that all tests share


@pytest.fixture
async def town(stack, database, s3, tmp_path):
    async with running_api(stack, database, s3_url=s3, receipts=str(tmp_path)) as api:
        await api.market("sara", tenant=TENANT)
        town = Town(api)
        town.root, town.objects = api.of("admin", "root", TENANT), Objects(s3)
        yield town
        town.objects.close()


async def uploaded(town, user, content, size=100):
    """An asset of theirs, rendered; what a worker would have put is put in its stead."""
    id, sha = str(uuid4()), hashlib.sha256(content).hexdigest()
    media, by = town.api.souk.media, {"tenant": TENANT}
    await media.store(call(actor=user, **by), id, "image", size, sha)
    made = Rendition("small", "webp", 10, 10, 50, sha)
    render = Render(sha, "png", 10, 10, size, None, None, (made,))
    await town.objects.put(keys.source(TENANT, sha), content, "image/png")
    await town.objects.put(keys.rendition(TENANT, sha, None, "small.webp"), content, "image/webp")
    await media.finish(call(actor="worker:media", **by), id, render)
    return id


async def files(town):
    found = await town.objects.under(f"{TENANT}/")
    return [b"".join([part async for part in town.objects.read(key)]) for key in found]


async def test_their_files_go_also_those_that_are_shown_and_what_others_have_too_stays(town):
    own, shown = b"canary-ana-own", b"canary-ana-shown"
    await uploaded(town, "ana", own)
    picture = await uploaded(town, "ana", shown)
    both = [await uploaded(town, user, b"of both") for user in ("ana", "bob")]
    product = await town.api.product("sara", "tea", tenant=TENANT)
    await town.api.souk.media.change(
        call(tenant=TENANT), picture, None, Attach(f"catalog/{product}")
    )
    assert len(await files(town)) == 6

    receipt = await town.erase("ana")

    assert receipt["purged"]["files"] == 3
    assert sorted(await files(town)) == [b"of both", b"of both"]
    head = (await town.api.souk.positions.lags())["media"]
    town.at = head.position + head.events
    await town.settled()
    assets = {id: (await town.root.get(f"/media/{id}")).json()["status"] for id in both}
    assert assets == {both[0]: "purged", both[1]: "rendered"}
    usage = (await town.root.get("/storage/usage")).json()
    assert usage["used"] == 150
    assert await differences(town) == []

    again = await town.erase("ana")
    assert again["purged"]["files"] == 0
