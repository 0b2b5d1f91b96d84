"""Workers: each upload rendered once, whoever dies, whatever is away, however many they are."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import psycopg
import pytest

from adapters.media import keys, locks, rendering
from adapters.media.job import Rendering
from adapters.media.objects import Objects
from adapters.media.sweeping import Sweeping
from adapters.media.worker import Worker
from adapters.policies.silences import RUNNING
from adapters.projector.leader import connected
from application.ports import Unavailable
from domain.media import Rendered, Stored, UploadRequested
from tests.media.house import worker
from tests.policies.market import call, until
from tests.support.pictures import picture
from tests.support.s3 import awake, running_s3, send

JPEG = picture(640, 480)


class Dying(Objects):
    """An S3 whose caller is killed at the first call of that name."""

    def __init__(self, url, at):
        super().__init__(url)
        self._at, self.died = at, asyncio.Event()

    def __getattribute__(self, name):
        if name != object.__getattribute__(self, "__dict__").get("_at"):
            return super().__getattribute__(name)

        async def never(*_):
            self.died.set()
            await asyncio.Event().wait()

        return never


@pytest.mark.parametrize("at", ["fetch", "put_file", "remove"])
async def test_a_worker_killed_anywhere_leaves_all_to_the_next(house, at):
    id = await house.upload(JPEG)
    dying = Dying(house.souk.settings.s3_url, at)
    async with worker(house, dying):
        await dying.died.wait()
    async with worker(house):
        asset = await house.settled(id)
    assert asset["status"] == "rendered"
    assert len(await house.happened(Rendered)) == 1
    assert len(await house.objects()) == 1 + len(asset["renditions"])


async def test_a_connection_that_ends_during_a_rendering_costs_one_more_and_no_alarm(
    house, monkeypatch
):
    looked, render = [], rendering.render

    async def interrupted(source, folder, job):
        verdict = await render(source, folder, job)
        looked.append(verdict)
        if len(looked) == 1:
            await asyncio.to_thread(cut_off, house.souk.settings.postgres_url)
        return verdict

    monkeypatch.setattr(rendering, "render", interrupted)
    async with worker(house, concurrency=1):
        asset = await house.settled(await house.upload(JPEG))
    assert asset["status"] == "rendered"
    assert len(looked) == 2


def cut_off(url):
    """Every connection of workers."""
    with psycopg.connect(url) as db:
        db.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'souk-worker'"
        )


async def test_who_waits_for_an_objects_files_waits_for_longer_than_a_statement_may(house):
    url = house.souk.settings.postgres_url
    async with connected(url, "one") as one, connected(url, "other") as other:
        await other.execute("SET statement_timeout = 50")
        async with locks.alone(one, house.tenant, "sha"):
            waiting = asyncio.create_task(alone(other, house.tenant))
            await asyncio.wait([waiting], timeout=0.3)
            assert not waiting.done()
        await waiting


async def alone(db, tenant):
    async with locks.alone(db, tenant, "sha"):
        pass


class Meanwhile(Objects):
    """An S3 during whose first call of ``put_file`` something else happens."""

    def __init__(self, url, happen):
        super().__init__(url)
        self._happen = happen

    async def put_file(self, *about):
        if self._happen:
            happen, self._happen = self._happen, None
            await happen()
        await super().put_file(*about)


async def test_what_is_purged_while_it_is_rendered_leaves_no_file(house):
    """As when its owner is erased just then."""
    id = await house.upload(JPEG)
    version = len(await house.happened(UploadRequested, Stored))

    async def purge():
        await house.souk.media.purge(call(tenant=house.tenant), id, version)

    rendering = Rendering(house.souk.log, Meanwhile(house.souk.settings.s3_url, purge))
    async with connected(house.souk.settings.postgres_url, "tests") as db:
        await rendering.run(db, house.tenant, id)
    assert (await house.state(id)).status == "purged"
    assert await house.objects() == set()


@pytest.fixture
async def db(house):
    """Where locks are taken by who renders without a worker."""
    async with connected(house.souk.settings.postgres_url, "tests") as db:
        yield db


async def rendered(house, db):
    """A new asset of the same bytes as all."""
    id = await house.upload(JPEG)
    await render(house, db, id)
    return id


async def render(house, db, id, objects=None):
    await Rendering(house.souk.log, objects or house.souk.objects).run(db, house.tenant, id)


async def overtaken(house, db, id, first, then):
    """A crop whose files are put when another is asked for."""
    await house.crop(id, first)
    objects = Meanwhile(house.souk.settings.s3_url, lambda: house.crop(id, then))
    await render(house, db, id, objects)
    objects.close()


async def test_crops_that_are_overtaken_leave_only_what_is_counted(house, db):
    id = await rendered(house, db)
    kept = await house.objects()
    await overtaken(house, db, id, 1, 2)
    assert await house.objects() == kept
    await overtaken(house, db, id, 3, 2)
    await render(house, db, id)
    assert (await house.state(id)).rendered_crop.left == 2
    assert await house.kept() == (await house.usage())["used"]
    assert await house.objects() > kept


async def test_a_crop_that_is_overtaken_stays_where_another_asset_has_it(house, db):
    one, two = await rendered(house, db), await rendered(house, db)
    await house.crop(one, 1)
    await render(house, db, one)
    kept = await house.objects()
    await overtaken(house, db, two, 1, 2)
    assert await house.objects() == kept
    await render(house, db, two)
    assert await house.objects() > kept
    assert await house.kept() == (await house.usage())["used"]


async def test_a_crop_that_was_shown_stays_when_it_is_asked_for_again_and_overtaken(house, db):
    id = await rendered(house, db)
    for left in (1, 2):
        await house.crop(id, left)
        await render(house, db, id)
    kept = await house.objects()
    await overtaken(house, db, id, 1, 3)
    assert await house.objects() == kept


async def test_what_a_killed_worker_put_of_a_crop_goes_with_the_next_crop(house, db, monkeypatch):
    async def killed(*_):
        raise asyncio.CancelledError

    id = await rendered(house, db)
    await house.crop(id, 1)
    with monkeypatch.context() as patch:
        patch.setattr("application.media.Media.finish", killed)
        with pytest.raises(asyncio.CancelledError):
            await render(house, db, id)
    left = await house.objects()
    await house.crop(id, 2)
    await render(house, db, id)
    assert left - await house.objects()
    assert await house.kept() == (await house.usage())["used"]


async def test_what_a_tenant_waits_for_while_it_is_restored_is_left_alone(house):
    begun = "INSERT INTO policies.silences (tenant, origin, reached, until) VALUES (%s, 'a', 0, %s)"
    with psycopg.connect(house.souk.settings.postgres_url, autocommit=True) as db:
        db.execute(begun, (house.tenant, RUNNING))
        id = await house.upload(JPEG)
        async with worker(house) as working:
            async with connected(house.souk.settings.postgres_url, "tests") as own:
                assert not await working._next(own, asyncio.Event())
            db.execute("UPDATE policies.silences SET until = 1 WHERE tenant = %s", (house.tenant,))
            assert (await house.settled(id))["status"] == "rendered"


async def test_what_is_sent_again_when_it_was_looked_at_is_swept(house):
    form = await house.request()
    await send(form, JPEG)
    assert (await house.amina.post(f"/media/{form['id']}/confirm")).status_code == 200
    async with worker(house):  # gone before it is sent again: it would sweep as well
        await house.settled(form["id"])
    kept = await house.objects()
    assert (await send(form, JPEG)).status_code == 204
    waiting = await house.request()
    await send(waiting, JPEG)
    sweeping = Sweeping(house.souk.log, house.souk.objects)
    assert await sweeping.step() == 1
    assert await house.objects() == kept | {keys.upload(house.tenant, waiting["id"])}
    assert await sweeping.step() == 0


async def test_what_is_not_confirmed_within_a_day_is_swept(house, monkeypatch):
    form = await house.request()
    await send(form, JPEG)
    sweeping = Sweeping(house.souk.log, house.souk.objects)
    assert await sweeping.step() == 0
    monkeypatch.setattr("adapters.media.sweeping.UNCONFIRMED", timedelta(0))
    assert await sweeping.step() == 1
    assert await house.objects() == set()
    late = await house.amina.post(f"/media/{form['id']}/confirm")
    assert (late.status_code, late.json()["code"]) == (422, "media.not_uploaded")


async def test_many_workers_share_the_work_and_none_renders_what_another_does(house):
    ids = [await house.upload(picture(300, 200, seed=n)) for n in range(12)]
    async with AsyncExitStack() as workers:
        for _ in range(3):
            await workers.enter_async_context(worker(house, concurrency=2))
        assets = [await house.settled(id) for id in ids]
    assert {asset["status"] for asset in assets} == {"rendered"}
    assert len(await house.happened(Rendered)) == 12
    keys = {(a["sha256"], r["name"], r["format"]) for a in assets for r in a["renditions"]}
    assert len(await house.objects()) == len(keys) + 12


async def test_two_at_the_same_upload_put_the_same_and_append_once(house):
    id = await house.upload(JPEG)
    souk = house.souk
    async with (
        connected(souk.settings.postgres_url, "one") as one,
        connected(souk.settings.postgres_url, "other") as other,
    ):
        await asyncio.gather(
            Rendering(souk.log, souk.objects).run(one, house.tenant, id),
            Rendering(souk.log, souk.objects).run(other, house.tenant, id),
            return_exceptions=True,
        )
    (told,) = await house.happened(Rendered)
    assert len(await house.objects()) == 1 + len(told.event.renditions)


async def test_while_s3_is_away_it_waits_and_nothing_is_lost(stack, house):
    async with running_s3() as server:
        objects = Objects(server.url)
        form = await house.request()
        await objects.put(form["fields"]["key"], JPEG, "image/jpeg")
        await house.souk.media.confirm(_call(house), form["id"], None, len(JPEG))
        await server.child.stop()
        async with worker(house, objects) as working:
            with pytest.raises(Unavailable):
                await objects.stat(form["fields"]["key"])
            await until(lambda: _waits(house, form["id"]))
            assert await house.happened(Rendered) == []
            await server.start()
            await awake(server.url)
            asset = await house.settled(form["id"])
        assert isinstance(working, Worker)
        assert asset["status"] == "rendered"


async def _waits(house, id):
    """By its row, which may not be there yet."""
    return (await house.root.get(f"/media/{id}")).json().get("waits")


def _call(house):
    return call(tenant=house.tenant)


async def test_what_fails_for_no_known_reason_is_parked_and_tried_by_the_next_worker(
    house, monkeypatch
):
    async def broken(source, folder, job):
        raise OSError("no room")

    id = await house.upload(JPEG)
    with monkeypatch.context() as patch:
        patch.setattr(rendering, "render", broken)
        async with worker(house):
            await until(lambda: _parked(house))
    async with worker(house):
        assert (await house.settled(id))["status"] == "rendered"
        await until(lambda: _nothing_parked(house))


async def _parked(house):
    return (await house.api.http.get("/health/ready")).json()["parked"] == 1


async def _nothing_parked(house):
    return (await house.api.http.get("/health/ready")).json()["parked"] == 0


async def test_an_upload_that_is_gone_is_rejected(working):
    form = await working.request()
    await working.souk.media.confirm(_call(working), form["id"], None, 5)
    asset = await working.settled(form["id"])
    assert asset["rejected"]["code"] == "media.upload_gone"
