"""A person's uploads go by the log's own rules; what somebody else has uploaded too stays."""

import hashlib
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from adapters.erasing.files import purge_files
from adapters.media import keys
from adapters.media.objects import Objects
from adapters.projector.leader import connected
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
    await media.request(call(actor=user, **by), id, "image", size, sha)
    await media.confirm(call(actor=user, **by), id, user, size)
    made = Rendition("small", "webp", 10, 10, 50, sha)
    render = Render(sha, "png", 10, 10, size, None, None, (made,))
    await town.objects.put(keys.source(TENANT, sha), content, "image/png")
    await town.objects.put(keys.rendition(TENANT, sha, None, "small.webp"), content, "image/webp")
    await media.finish(call(actor="worker:media", **by), id, render)
    return id


async def files(town):
    found = await town.objects.under(f"{TENANT}/")
    return [b"".join([part async for part in town.objects.read(key)]) for key in found]


async def canaries(town):
    return [content for content in await files(town) if b"canary" in content]


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

    assert await town.erase("ana") == receipt


async def test_what_a_crash_left_of_them_goes_when_it_is_asked_for_again(stack, database, s3):
    """Killed when the log had the purges and no file was gone; and no projection knows of it."""
    async with still(stack, database, s3) as town:
        id = await uploaded(town, "ana", b"canary-ana-own")
        await town.objects.put(keys.upload(TENANT, id), b"canary-ana-sent-again", "image/png")
        await town.api.souk.media.purge(call(tenant=TENANT), id, 3)
        assert await purged(town) == 0
        assert await canaries(town) == []


async def test_what_changes_while_they_are_erased_goes_too(stack, database, s3):
    """A worker has just rendered it, or it is shown just now."""
    async with still(stack, database, s3) as town:
        id = await uploaded(town, "ana", b"canary-ana-own")
        log = Meanwhile(town.api.souk.log, f"{TENANT}/media/{id}", town.show(id))
        assert await purged(town, log) == 1
        assert await canaries(town) == []


class Meanwhile:
    """A log in which something happens right after a stream was read first."""

    def __init__(self, log, stream, happening):
        self._log, self._stream, self._happening = log, stream, happening

    def __getattr__(self, name):
        return getattr(self._log, name)

    async def read(self, tenant, streams):
        found = await self._log.read(tenant, streams)
        if self._happening and self._stream in found:
            happening, self._happening = self._happening, None
            await happening
        return found


@asynccontextmanager
async def still(stack, database, s3):
    """A town whose projections stand still."""
    async with running_api(stack, database, projecting=False, s3_url=s3) as api:
        town = Town(api)
        town.objects = Objects(s3)

        async def show(id):
            await api.souk.media.change(call(tenant=TENANT), id, None, Attach("catalog/p1"))

        town.show = show
        yield town
        town.objects.close()


async def purged(town, log=None):
    souk = town.api.souk
    async with connected(souk.settings.postgres_url, "tests") as db:
        return await purge_files(db, log or souk.log, town.objects, TENANT, "ana", "root")
