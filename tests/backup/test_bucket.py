"""The drill's backup in a bucket: the machine is lost, and all there is is what was sent there."""

import pytest

from adapters.backup.far import Far
from adapters.backup.filling import fill
from adapters.backup.near import Near
from adapters.backup.restoring import Wanted, restore
from adapters.media.objects import Objects
from entrypoints.reviving import revive
from tests.backup.gallery import contents


@pytest.fixture
async def far(history):
    return await Far.open(history["archive"], history["far"], None)


async def test_a_restore_from_a_bucket_reaches_the_last_thing_that_was_sent(
    history, others, far, tmp_path
):
    reached = await restore(Wanted(far, tmp_path / "new", history["home"], None))
    assert reached.hole is None
    await far.receipts(tmp_path / "receipts")
    mine = others("drill-far")
    revived = await revive(tmp_path / "new", far.shelves, tmp_path / "receipts", mine)
    assert reached.position >= history["lost"]
    assert (revived.erased, revived.differences) == (1, [])
    assert (revived.files.missing, revived.files.purged) == ([], [])
    assert await contents(Objects(mine.s3)) == expected(history, history["latest"])


@pytest.mark.parametrize("moment", ["named", "latest"])
@pytest.mark.parametrize("place", ["near", "far"])
async def test_every_backup_has_every_object_of_every_moment_since(history, s3, far, place, moment):
    shelves = far.shelves if place == "far" else Near(history["backup"]).shelves
    objects = Objects(f"{s3}/{place}-{moment}")
    await objects.ready()
    filled = await fill(objects, each(history[moment]), shelves)
    assert (filled.missing, filled.purged) == ([], [])
    assert await contents(objects) == expected(history, history[moment])


def expected(history, named):
    return {each.key: history["seen"][each.key] for each in named}


async def each(found):
    for one in found:
        yield one
