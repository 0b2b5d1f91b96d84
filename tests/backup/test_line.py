"""Backups over a line that breaks now and then."""

import pytest

from adapters.backup import pushing
from adapters.backup.archive import Archive
from adapters.backup.manifest import FILE
from adapters.backup.pushing import Pushing
from adapters.backup.source import Source, Standing
from adapters.media.objects import Objects
from adapters.media.sending import AGAIN
from application.ports import Unavailable
from entrypoints.cli.backup import _away
from tests.backup.test_faults import MANIFEST

TO, NAME = "s3://broken-line/one", "20260516T120000.000000Z"
SEGMENT = f"{1:08X}{2:016X}"
FILES = [f"objects/bazaar/{number}" for number in range(10)]


@pytest.fixture
def source(tmp_path, monkeypatch):
    """An instance to which objects have come since its backup."""

    async def standing(source):
        return Standing(7, "18", MANIFEST.system)

    monkeypatch.setattr(pushing, "standing", standing)
    made = Source("postgresql://nobody:x@127.0.0.1:1/souk", None, tmp_path, "")
    for name in FILES:
        path = made.home / "arrived" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return made


class Failing:
    """An archive with one backup, that takes so many files and no more."""

    def __init__(self):
        self.taken, self.left = [], 0

    async def kept(self):
        return {NAME: MANIFEST}

    async def remove(self, names):
        pass

    async def put(self, name, path):
        if not self.left:
            raise Unavailable("s3")
        self.left -= 1
        self.taken.append(name)


async def test_what_was_sent_before_it_broke_off_is_not_sent_again(source):
    archive = Failing()
    pushing = Pushing(source, archive, TO)
    for _ in range(2):
        archive.left = 4
        with pytest.raises(Unavailable):
            await pushing.catch_up()
    archive.left = 4
    assert await pushing.catch_up() == 2
    assert archive.taken == FILES
    assert await pushing.catch_up() == 0


async def test_a_segment_that_is_filled_just_when_it_is_sent_is_sent_by_its_name(
    source, monkeypatch
):
    monkeypatch.setattr(pushing, "segments", lambda folder: [source.wal / f"{SEGMENT}.partial"])
    source.wal.mkdir()
    (source.wal / SEGMENT).write_bytes(b"whole")
    archive = Failing()
    archive.left = len(FILES) + 1
    assert await Pushing(source, archive, TO).catch_up() == len(FILES) + 1
    assert archive.taken == [*FILES, f"wal/{SEGMENT}"]


async def test_a_catch_up_over_a_line_that_breaks_sends_all(source, s3, breaking):
    archive = Archive(Objects(f"{s3}/broken-line", again=AGAIN), "one/")
    await archive.put_data(f"{NAME}/{FILE}", MANIFEST.data)
    await _away(source, TO, s3, 7, True)
    assert sorted(await archive.names("objects")) == FILES
