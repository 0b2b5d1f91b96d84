"""The write-ahead log as it is written, kept in a directory: what a restore goes on from.

A receiver that streams, and no archive command: a segment is kept byte by byte while it is filled,
so that losing the machine's Postgres takes no more than what was under way, and a quiet hour costs
no room.
"""

import hashlib
import time
from pathlib import Path

from adapters.embedded.child import Child
from adapters.embedded.home import Home, write_private

FOLDER, SLOT, PARTIAL = "wal", "souk_wal", ".partial"
# What the server keeps for a receiver that is away; beyond it the receiver begins anew, and what
# was backed up before can be restored only up to there.
MOST = "4GB"
# The slot, unless it is there and good.
PREPARE = (
    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
    f" WHERE slot_name = '{SLOT}' AND wal_status = 'lost'",
    f"SELECT pg_create_physical_replication_slot('{SLOT}', true)"
    f" WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = '{SLOT}')",
)
NEEDED = "needed"  # per place of backups: the first segment and the position that they want
FORGOTTEN = 30 * 86400  # seconds after which a place that got no backup any more is not waited for
UNASKED = 64  # segments of 16 MB that are kept while there is no backup
NAME = 24  # characters of a segment's: timeline, and place in the log


def receiver(home: Home, program: str, url: str, password: str) -> Child:
    """``url``: without the password, which everyone on the machine could read."""
    folder = home.folder(FOLDER)
    folder.chmod(0o700)
    command = [program, "-D", str(folder), "-d", url, "--slot", SLOT]
    return Child(home, "wal", command, environment={"PGPASSWORD": password})


def segments(folder: Path) -> list[Path]:
    """Whole ones and the one being filled, oldest first."""
    found = [path for path in folder.iterdir() if len(path.name.removesuffix(PARTIAL)) == NAME]
    return sorted(found, key=lambda path: path.name[8:])


def keep_from(
    folder: Path, oldest: str, place: str = "", position: int = 0, unsure: bool = False
) -> int:
    """The backups at ``place`` need the segments from the one of that name on, of whatever
    timeline, and what came after that position of the log; ``unsure``: what they needed the last
    time, or all there is. Segments that no place needs go; the first position that one does need.
    """
    mark = folder / f"{NEEDED}.{hashlib.sha256(place.encode()).hexdigest()[:16]}"
    if unsure:
        oldest, position = _wanted(mark) if mark.exists() else ("0" * NAME, 0)
    write_private(mark, f"{oldest} {position}".encode())
    (folder / NEEDED).unlink(missing_ok=True)  # of versions that knew one place only
    wanted = [_wanted(path) for path in _marks(folder) if not _forgotten(path)]
    first = min(segment[8:] for segment, _ in wanted)
    for path in segments(folder):
        if path.name[8:NAME] < first:
            path.unlink()
    return min(position for _, position in wanted)


def _marks(folder: Path) -> list[Path]:
    return [path for path in folder.glob(f"{NEEDED}*") if path.suffix != ".new"]


def _wanted(mark: Path) -> tuple[str, int]:
    segment, position = mark.read_text().split()
    return segment, int(position)


def _forgotten(mark: Path) -> bool:
    return time.time() - mark.stat().st_mtime > FORGOTTEN


def bound(folder: Path) -> None:
    """Without a backup they are of no use: no more than those that the next one may want."""
    if not _marks(folder):
        for path in segments(folder)[:-UNASKED]:
            path.unlink()
