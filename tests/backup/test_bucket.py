"""The drill's backup in a bucket: the machine is lost, and all there is is what was sent there."""

import io
import tarfile
import tempfile
from contextlib import AsyncExitStack

import pytest
from msgspec.structs import replace

from adapters.backup.archive import Archive
from adapters.backup.arrivals import copy
from adapters.backup.basing import PART, _Stream
from adapters.backup.far import Far
from adapters.backup.filling import fill
from adapters.backup.near import Near
from adapters.backup.restoring import Wanted, restore
from adapters.backup.shelves import Folder
from adapters.backup.source import Failed
from adapters.media.objects import Objects
from adapters.media.sending import AGAIN
from entrypoints.cli.restore import _origin
from entrypoints.reviving import revive
from tests.backup.conftest import PREFIX
from tests.backup.gallery import contents


@pytest.fixture
async def far(history):
    return await Far.open(history["archive"], history["far"], None)


async def test_a_restore_over_a_line_that_breaks_reaches_the_last_thing_that_was_sent(
    history, others, s3, tmp_path, monkeypatch, breaking
):
    monkeypatch.setenv("SOUK_S3_URL", s3)
    async with AsyncExitStack() as stack:
        far = await _origin(f"s3://drill-backups/{PREFIX}", None, (None, None), stack)
        await restores_all(history, far, others("drill-far"), tmp_path)


async def restores_all(history, far, mine, tmp_path):
    reached = await restore(Wanted(far, tmp_path / "new", history["home"], None))
    assert reached.hole is None
    await far.receipts(tmp_path / "receipts")
    revived = await revive(tmp_path / "new", far.shelves, tmp_path / "receipts", mine)
    assert reached.position >= history["lost"]
    assert (revived.erased, revived.differences) == (1, [])
    assert (revived.files.missing, revived.files.purged) == ([], [])
    found = await contents(Objects(mine.s3, again=AGAIN))
    assert found == expected(history, history["latest"])


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


async def test_a_copy_that_is_damaged_is_passed_over_and_what_is_nowhere_whole_is_named(
    history, s3, far, tmp_path
):
    late, waiting = (
        next(n for n in history["named"] if n.asset == f"bazaar/{history['pictures'][name]}")
        for name in ("late", "waiting")
    )
    damaged = tmp_path / "objects" / late.key
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(history["seen"][late.key][:-1] + b"?")
    (tmp_path / "purged/bazaar").mkdir(parents=True)
    (tmp_path / "purged" / waiting.asset).touch()
    objects = Objects(f"{s3}/damaged")
    await objects.ready()
    broken = Folder(tmp_path)
    filled = await fill(objects, each([late, waiting]), [broken])
    assert (filled.files, filled.missing, filled.purged) == (0, [late], [waiting])
    filled = await fill(objects, each([late]), [broken, *far.shelves])
    assert (filled.files, filled.missing) == (1, [])
    assert await contents(objects) == expected(history, [late])


async def test_an_object_that_goes_while_it_is_copied_stops_no_backup(s3, tmp_path):
    objects = Objects(f"{s3}/going")
    await objects.put("bazaar/uploads/one", b"one", "text/plain")
    assert await copy(objects, "bazaar/uploads/one", tmp_path / "there/one")
    assert not await copy(objects, "bazaar/uploads/two", tmp_path / "there/two")
    found = [path.name for path in (tmp_path / "there").iterdir()]
    assert found == ["one"]


async def test_half_a_backup_in_a_bucket_is_none_and_goes_with_the_next(history, s3):
    manifest = (await history["archive"].kept())[history["far"]]
    archive = Archive(Objects(f"{s3}/halves"), "p/")
    names = [f"2026051{day}T120000.000000Z" for day in range(1, 6)]
    await archive.objects.ready()
    for name in names:
        await archive.put_data(f"{name}/base.tar", b"base")
    for place, name in enumerate(names[1:4]):
        made = replace(manifest, segment=f"{1:08X}{place:016X}")
        await archive.put_data(f"{name}/manifest.json", made.data)
    assert [*await archive.kept()] == names[1:4]
    oldest = await archive.forget(2)
    assert oldest.segment == f"{1:08X}{1:016X}"
    assert [*await archive.kept()] == names[2:4]
    # The last has no manifest, but it may still get one.
    assert {key.split("/")[1] for key in await archive.objects.under("")} == {*names[2:5]}


async def test_a_damaged_backup_in_a_bucket_stays_whole_and_nobody_is_sure_what_it_needs(
    history, s3
):
    manifest = (await history["archive"].kept())[history["far"]]
    archive = Archive(Objects(f"{s3}/damaged-backups"), "p/")
    names = [f"2026051{day}T120000.000000Z" for day in range(1, 4)]
    await archive.objects.ready()
    for name, data in zip(names, (manifest.data, b"", manifest.data), strict=True):
        await archive.put_data(f"{name}/base.tar", b"base")
        await archive.put_data(f"{name}/manifest.json", data)
    assert (await archive.damaged(), await archive.unsure()) == (names[1:2], False)
    await archive.forget(1)
    assert (await archive.damaged(), await archive.unsure()) == (names[1:2], True)
    assert len(await archive.names(names[1])) == 2


async def test_a_base_that_breaks_off_leaves_nothing_and_one_that_was_cut_is_not_unpacked(
    history, s3, tmp_path
):
    archive = Archive(Objects(f"{s3}/cut"), "")
    await archive.objects.ready()
    with tempfile.TemporaryFile() as said:
        stream = _Stream("postgresql://nobody:x@127.0.0.1:1/souk", said)
        with pytest.raises(Failed, match="pg_basebackup"):
            await archive.objects.put_stream("base", stream, PART)
    assert await archive.objects.under("") == []
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        tar.add(__file__, "PG_VERSION")
    await archive.put_data("one/base.tar", whole.getvalue()[:1000])
    manifest = (await history["archive"].kept())[history["far"]]
    with pytest.raises(Failed, match="not whole"):
        await Far(archive, "one", manifest).lay_base(tmp_path / "data")


async def each(found):
    for one in found:
        yield one
