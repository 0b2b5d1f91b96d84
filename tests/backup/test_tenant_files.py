"""The files of one tenant that was restored as another: those that its events name by then."""

import pytest

from adapters.media.objects import Objects
from tests.backup.gallery import Gallery, contents
from tests.erasures.town import Town
from tests.support.commands import souk
from tests.support.http import running_api

OLD, NEW = "bazaar", "bazaar-may"


@pytest.fixture
async def gallery(stack, database, s3, tmp_path):
    more = {"s3_url": f"{s3}/one-tenant", "receipts": str(tmp_path)}
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
