"""What goes wrong with backups: halves, strangers, two at once."""

import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from adapters.backup import secrets
from adapters.backup.manifest import FILE, Damaged, Manifest, NoBackup, damaged, kept, unsure
from adapters.backup.near import Near
from adapters.backup.restoring import SEGMENT, Foreign, checked
from adapters.backup.source import Failed, Source, alone
from adapters.backup.taking import check_owner, forget, take

NOW = datetime(2026, 5, 16, 12, tzinfo=UTC)
MANIFEST = Manifest(7, NOW, NOW, f"{1:08X}{1:016X}", "wal", "erasures", 0, "1", "18", "4711")
NOWHERE = Source("postgresql://nobody:x@127.0.0.1:1/souk", None, Path("/nowhere"), "")


@pytest.fixture
def data(tmp_path):
    """As of a Postgres, with seven segments of its log."""
    (tmp_path / "global").mkdir()
    (tmp_path / "global/pg_control").write_bytes(struct.pack("<Q", 4711) + bytes(100))
    (tmp_path / "pg_wal").mkdir()
    for number in range(254, 261):
        write(tmp_path, number)
    return tmp_path


def write(data, number, system=4711, size=SEGMENT):
    path = data / "pg_wal" / f"{1:08X}{number // 256:08X}{number % 256:08X}"
    with path.open("wb") as file:
        file.write(struct.pack("<HHIQIIQ", 0xD118, 2, 1, 0, 0, 0, system))
        file.truncate(size)
    return path


def test_a_log_without_a_hole_is_taken_whole(data):
    assert checked(data) is None


def test_a_segment_that_was_just_begun_holds_nothing_that_could_be_lost(data):
    write(data, 260).write_bytes(bytes(1000))
    assert checked(data) is None


def test_a_hole_in_the_log_is_told(data):
    write(data, 256).unlink()
    assert checked(data) == f"{1:08X}{0:08X}"


def test_a_segment_that_was_copied_by_half_is_a_hole(data):
    for number in (260, 255):
        write(data, number, size=SEGMENT // 2)
        assert checked(data) == f"{number // 256:08X}{number % 256:08X}"


def test_another_instances_log_is_not_taken_for_ours(data):
    write(data, 259, system=4712)
    with pytest.raises(Foreign):
        checked(data)


def test_another_instances_backups_are_left_alone():
    check_owner("4711", [MANIFEST, replace(MANIFEST, system="")], "/mnt/backups")
    with pytest.raises(Failed, match="another instance"):
        check_owner("4712", [MANIFEST], "/mnt/backups")


async def test_while_a_backup_is_under_way_another_does_not_begin(tmp_path):
    draft = tmp_path / ".new-one"
    draft.mkdir()
    with alone(tmp_path), pytest.raises(Failed, match="under way"):
        await take(NOWHERE, tmp_path, 1)
    assert draft.is_dir()


async def test_a_place_that_cannot_be_written_is_told_in_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Failed, match="Not a directory"):
        await take(NOWHERE, tmp_path / "file" / "backups", 1)


def test_a_backup_of_which_half_is_removed_is_none(tmp_path):
    for name in ("1", "2", ".new-0"):
        (tmp_path / name).mkdir()
        MANIFEST.write(tmp_path / name)
    assert [path.name for path in kept(tmp_path)] == ["1", "2"]
    forget(tmp_path, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["2"]


def test_a_backup_whose_manifest_is_damaged_is_passed_over_and_stays(tmp_path):
    for name in ("1", "2", "3", "4"):
        (tmp_path / name).mkdir()
        MANIFEST.write(tmp_path / name)
    (tmp_path / "1" / FILE).write_bytes(b"")
    (tmp_path / "3" / FILE).write_bytes(b'{"position": 7}')
    assert forget(tmp_path, 1) == MANIFEST
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "3", "4"]
    assert [path.name for path in damaged(tmp_path)] == ["1", "3"]


def test_a_backup_that_cannot_be_read_just_now_stops_the_next_and_nothing_goes(tmp_path):
    for name in ("1", "2"):
        (tmp_path / name).mkdir()
        MANIFEST.write(tmp_path / name)
    (tmp_path / "1" / FILE).unlink()
    (tmp_path / "1" / FILE).symlink_to(FILE)
    with pytest.raises(OSError, match="symbolic links"):
        forget(tmp_path, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]


def test_while_the_oldest_backup_is_damaged_nobody_is_sure_what_is_needed(tmp_path):
    for name in ("1", "2", "3"):
        (tmp_path / name).mkdir()
        MANIFEST.write(tmp_path / name)
    (tmp_path / "2" / FILE).write_bytes(b"")
    assert not unsure(tmp_path)
    forget(tmp_path, 1)
    assert unsure(tmp_path)


def test_keys_are_known_by_a_fingerprint_that_tells_nothing_of_them():
    keys = {"master_key": b"m" * 44, "signing_key.pem": b"s", "postgres": b"p"}
    known = secrets.fingerprint(keys)
    assert known == secrets.fingerprint(keys | {"hmac": b"h"})
    for name in keys:
        assert secrets.fingerprint(keys | {name: b"other"}) != known


async def test_of_a_base_that_cannot_be_copied_the_first_reason_is_told_and_how_many_there_are(
    tmp_path,
):
    MANIFEST.write(tmp_path)
    with pytest.raises(Failed, match="is damaged: it has no base"):
        await Near(tmp_path).lay_base(tmp_path / "data")
    (tmp_path / "base").mkdir()
    for name in "abc":
        (tmp_path / "base" / name).symlink_to("nowhere")
    with pytest.raises(Failed, match=r"No such file or directory: .*base/.', and 2 more$"):
        await Near(tmp_path).lay_base(tmp_path / "data")


@pytest.mark.parametrize("spoilt", [b"", MANIFEST.data[:-9], MANIFEST.data.replace(b"w", b"\xf7")])
def test_of_a_backup_whose_manifest_is_damaged_that_is_told(tmp_path, spoilt):
    with pytest.raises(NoBackup, match="has no whole backup"):
        Near(tmp_path)
    (tmp_path / FILE).write_bytes(spoilt)
    with pytest.raises(Damaged, match=r"is damaged: its manifest\.json cannot be read"):
        Near(tmp_path)
