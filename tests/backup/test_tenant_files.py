"""The files of one tenant that was restored as another: those that its events name by then."""

from uuid import uuid4

import pytest

from adapters.backup.tenant import Source, TenantRestore
from adapters.media.objects import Objects
from adapters.postgres.owner import owner
from application.ports import Unavailable
from tests.backup.gallery import Gallery, contents
from tests.erasures.town import Town
from tests.support.commands import souk
from tests.support.http import running_api

OLD, NEW = "bazaar", "bazaar-may"


@pytest.fixture
async def gallery(stack, database, s3, tmp_path):
    more = {"s3_url": f"{s3}/one-tenant-{uuid4().hex}", "receipts": str(tmp_path)}
    async with running_api(stack, database, **more) as api:
        yield Gallery(Town(api))


async def test_they_are_copied_but_for_what_came_later_and_for_whose_is_erased(gallery):
    town = gallery.town
    await town.open()
    early, hers = await gallery.stored(), await gallery.stored("ana")
    await gallery.rendered(early, hers)
    await town.join("ana")
    until, named = await gallery.head(), await gallery.named()
    late = await gallery.stored()
    await gallery.rendered(late)
    await town.api.souk.keyring.destroy(OLD, "ana")  # begun, and her files not yet purged
    words = ("restore-tenant", "--tenant", OLD, "--as", NEW, "--to", str(until))
    done = await souk(town.api, *words)
    assert done.exit_code == 0, done.output
    wanted = {n.key: gallery.seen[n.key] for n in named if n.asset == f"{OLD}/{early}"}
    assert f"{len(wanted)} files (none missing)" in done.output
    found = await contents(Objects(town.api.souk.settings.s3_url))
    copies = {key: data for key, data in found.items() if key.startswith(f"{NEW}/")}
    assert copies == {key.replace(OLD, NEW): data for key, data in wanted.items()}


async def test_they_are_copied_once_however_often_it_is_ended_and_run_again(gallery, monkeypatch):
    town = gallery.town
    await town.open()
    await gallery.rendered(await gallery.stored())
    named = {n.key for n in await gallery.named()}
    souk_of, put, copied = town.api.souk, Objects.put_file, []

    async def away(request):
        raise Unavailable("log")

    async def puts(self, key, path, kind):
        copied.append(key)
        await put(self, key, path, kind)

    monkeypatch.setattr(Objects, "put_file", puts)
    url, log, objects = souk_of.settings.postgres_url, souk_of.log, souk_of.objects
    with monkeypatch.context() as patched:
        patched.setattr(log, "submit", away)
        async with owner(url) as db, owner(url) as read:
            ended = TenantRestore(Source(read, log, objects), db, log, objects)
            with pytest.raises(Unavailable):
                await ended.run(OLD, NEW, None)
    done = await souk(town.api, "restore-tenant", "--tenant", OLD, "--as", NEW)
    assert done.exit_code == 0, done.output
    assert f"{len(named)} files (none missing)" in done.output
    assert sorted(copied) == sorted(key.replace(OLD, NEW) for key in named)


async def test_they_are_copied_over_a_line_that_breaks(gallery, request):
    town = gallery.town
    await town.open()
    await gallery.rendered(await gallery.stored())
    request.getfixturevalue("breaking")
    done = await souk(town.api, "restore-tenant", "--tenant", OLD, "--as", NEW)
    assert done.exit_code == 0, done.output
