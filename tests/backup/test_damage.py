"""Write-ahead logs that are damaged, and such as only look so: restored on a Postgres that really
runs, from copies of what its receiver kept. Backups and directories that are so, too."""

import re
import shutil
import struct
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from adapters.backup import pages, secrets
from adapters.backup.manifest import BASE, FILE
from adapters.backup.near import Near, _copy_segment
from adapters.backup.pages import PAGE, SEGMENT, grown, name_of
from adapters.backup.restoring import TooLate, Wanted, restore
from adapters.backup.source import Failed, Source
from adapters.backup.taking import take
from adapters.embedded.home import HALF, Half
from adapters.embedded.wal import FOLDER, PARTIAL, segments
from entrypoints.cli.running import Running
from tests.projector.toys import eventually

MB = 2**20  # bytes
TEXT = b"." * 60  # of what is said in the log
END = b"the end of what there is"
SPEAK = "SELECT pg_logical_emit_message(false, 'test', %s, true)"


@pytest.fixture(scope="module")
async def kept(instance, others, tmp_path_factory):
    """A backup, and a log of several segments after it. ``at``: where it stood after each of four
    commands, in bytes and in events; the last two are in the last segment, where after the third
    comes a record of several pages, and after the fourth two small ones."""
    folder = tmp_path_factory.mktemp("damage")
    home, at = folder / "old", []
    async with instance(home, others("damage")) as (town, settings):
        url = settings.postgres_url
        await town.open()
        known = secrets.fingerprint(secrets.load(home))
        source = Source(url, None, home, settings.receipts, known)
        older = folder / "backups" / "20260516T120000.000000Z" / FILE
        older.parent.mkdir(parents=True)
        older.touch()
        backup = await take(source, folder / "backups", keep=1)
        for said in ([20 * MB], [20 * MB, None], [5 * PAGE], [100, 100]):
            await town.api.product("sara", f"cup-{len(at)}")
            at.append(stand(url))
            speak(url, *("." * size if size else None for size in said))
        speak(url, END.decode())

        async def there():
            return END in segments(home / FOLDER)[-1].read_bytes()

        await eventually(there, True)
        assert segments(home / FOLDER)[-1].suffix == PARTIAL
    return SimpleNamespace(home=home, backup=backup, at=at)


def stand(url):
    with psycopg.connect(url) as db:
        query = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint, position FROM log.head"
        return db.execute(query).fetchone()


def speak(url, *texts):
    """Records that hold them; None: the next segment is begun."""
    with psycopg.connect(url, autocommit=True) as db:
        for text in texts:
            db.execute(*(SPEAK, [text]) if text else ("SELECT pg_switch_wal()",))


@pytest.fixture
def log(kept, tmp_path):
    """A copy of the log, to damage."""
    return shutil.copytree(kept.home / FOLDER, tmp_path / FOLDER)


async def restored(kept, log, to=None):
    backup = Near(kept.backup, log)
    return await restore(Wanted(backup, log.parent / "new", kept.home, to))


def segment(log, at):
    (path,) = log.glob(f"*{name_of(at // SEGMENT)}*")
    return path


def spoil(log, at):
    """A byte of the first text that was said from there on."""
    number, at = divmod(at, SEGMENT)
    while TEXT not in (data := bytearray(segment(log, number * SEGMENT).read_bytes()))[at:]:
        number, at = number + 1, 0
    found = data.index(TEXT, at)
    data[found] ^= 1
    segment(log, number * SEGMENT).write_bytes(data)
    return number * SEGMENT + found


def place(told):
    name, byte = re.search("([0-9A-F]{16}), byte ([0-9]+)", told).groups()
    return pages.number("_" * 8 + name) * SEGMENT + int(byte)


async def test_a_directory_that_is_half_restored_is_to_be_removed_whoever_is_asked(kept, log):
    half = log.parent / "new"
    half.mkdir()
    (half / HALF).touch()
    for asked in (restored(kept, log), Running(half, 0, 0, True).run()):
        with pytest.raises(Half) as refused:
            await asked
        assert str(refused.value) == f"{half} is half restored: remove it, and restore again"


def test_an_older_backup_that_is_damaged_stops_no_later_one(kept):
    older, taken = sorted(kept.backup.parent.glob(f"*/{FILE}"))
    assert (older.read_bytes(), taken.parent) == (b"", kept.backup)


async def test_a_base_without_its_settings_is_told_to_be_damaged(kept, log):
    spoilt = shutil.copytree(kept.backup, log.parent / "backup")
    (spoilt / BASE / "postgresql.auto.conf").unlink()
    with pytest.raises(Failed, match=r"damaged: its base has no postgresql\.auto\.conf"):
        await restore(Wanted(Near(spoilt, log), log.parent / "new", kept.home, None))


async def test_a_log_that_is_whole_has_no_hole(kept, log):
    reached = await restored(kept, log)
    assert (reached.position, reached.hole) == (kept.at[3][1], None)


@pytest.mark.parametrize("after", range(4))
async def test_where_a_byte_was_damaged_nothing_more_is_restored_and_it_is_told(kept, log, after):
    at, position = kept.at[after]
    spoilt = spoil(log, at)
    reached = await restored(kept, log)
    assert reached.position == position
    assert at <= place(reached.hole) < spoilt
    assert "incorrect resource manager data checksum in record at" in reached.hole


def end_with(log, said, lacking=0):
    """The log as it was when the last thing was said, or some bytes before; ``said``: instead."""
    path = segments(log)[-1]
    data = path.read_bytes()
    end = data.index(END) + len(END)
    data = data[: end - len(END)] + said[: len(END) - lacking]
    path.write_bytes(data.ljust(SEGMENT, b"\0"))


async def test_damage_in_the_very_last_record_is_told_like_any_other(kept, log):
    end_with(log, END.replace(b"what", b"that"))
    reached = await restored(kept, log)
    assert reached.position == kept.at[3][1]
    assert "incorrect resource manager data checksum in record at" in reached.hole


@pytest.mark.parametrize("lacking", [0, 9, len(END)])
async def test_a_last_record_that_is_whole_or_was_cut_is_no_damage(kept, log, lacking):
    end_with(log, END, lacking)
    reached = await restored(kept, log)
    assert (reached.position, reached.hole) == (kept.at[3][1], None)


async def test_the_last_segment_is_as_long_as_every_other(kept, log):
    at, position = kept.at[2]
    path = segment(log, at)
    with path.open("r+b") as file:
        file.truncate(at % SEGMENT + PAGE)
    reached = await restored(kept, log)
    assert (reached.position, reached.hole) == (position, name_of(at // SEGMENT))


async def test_a_moment_after_the_damage_is_refused_and_the_damage_is_told(kept, log):
    at, _ = kept.at[0]
    spoilt = spoil(log, at)
    with pytest.raises(TooLate, match="has a hole") as refused:
        await restored(kept, log, datetime.now(UTC) + timedelta(days=1))
    assert at <= place(str(refused.value)) < spoilt


async def test_a_moment_after_the_end_of_a_whole_log_is_refused_without_a_hole(kept, log):
    with pytest.raises(TooLate, match="ends before that moment; restore to `latest`"):
        await restored(kept, log, datetime.now(UTC) + timedelta(days=1))


async def test_a_record_that_its_server_died_over_is_no_damage(kept, log):
    at, position = kept.at[2]
    path, cut = segment(log, at), (at // PAGE + 3) * PAGE % SEGMENT
    path.write_bytes(path.read_bytes()[:cut].ljust(SEGMENT, b"\0"))
    reached = await restored(kept, log)
    assert (reached.position, reached.hole) == (position, None)


async def test_a_segment_that_was_ended_early_is_no_damage(kept, log):
    segment(log, kept.at[3][0]).unlink()
    reached = await restored(kept, log)
    assert (reached.position, reached.hole) == (kept.at[1][1], None)


async def test_a_backup_of_which_nothing_tells_what_it_needs_is_kept_the_whole_log(kept):
    (mark,) = (kept.home / FOLDER).glob("needed.*")
    assert mark.read_text() == f"{'0' * 24} 0"


async def test_what_a_file_had_in_its_former_life_is_no_damage(kept, log):
    first, last = segments(log)[0], segments(log)[-1]
    shutil.copyfile(first, log / f"{first.name[:8]}{name_of(kept.at[3][0] // SEGMENT + 1)}")
    last.rename(last.with_suffix(""))
    reached = await restored(kept, log)
    assert (reached.position, reached.hole) == (kept.at[3][1], None)


def page(address, timeline):
    """In which a record begins."""
    return struct.pack("<HHIQI", 0xD118, 2, timeline, address, 0).ljust(PAGE, b"r")


def test_what_came_on_a_timeline_that_was_left_is_not_more_than_the_log_has(tmp_path):
    for timeline, numbers in ((1, (3, 4, 5)), (2, (4,))):
        for number in numbers:
            path = tmp_path / f"{timeline:08X}{name_of(number)}"
            path.write_bytes(page(number * SEGMENT, timeline))
    first = f"{1:08X}{name_of(3)}"
    assert pages.last(tmp_path, first).address == 5 * SEGMENT
    (tmp_path / "00000002.history").touch()
    assert pages.last(tmp_path, first).address == 4 * SEGMENT


class Growing(BytesIO):
    """Somebody wrote while it was read first: after its middle had been, before its end."""

    def read(self, size=-1):
        return super().read(size) if size >= 0 else b"begun----end----".replace(b"-", b"\0")


def test_of_a_segment_that_grows_while_it_is_read_the_later_part_is_not_without_the_earlier(
    monkeypatch,
):
    monkeypatch.setattr(Path, "open", lambda path, mode: Growing(b"begun and an end and more"))
    assert grown(Path("segment")).rstrip(b"\0") == b"begun and an"


def test_a_segment_that_is_filled_just_when_it_is_copied_is_taken_by_its_name(tmp_path):
    (tmp_path / "segment").write_bytes(b"whole")
    _copy_segment(tmp_path / "segment.partial", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"whole"
