"""A backup of what runs in a directory: Postgres whole and checked, and the objects. Never the
keys.

It is made beside its place and moved there: one that was ended half-way is none.
"""

import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from adapters.backup.arrivals import copy
from adapters.backup.manifest import BASE, OBJECTS, Manifest, NoBackup, kept, unsure
from adapters.backup.source import (
    Based,
    Failed,
    Source,
    alone,
    keys_of,
    password,
    run,
    settle,
    standing,
)

DRAFT = ".new-"
START = re.compile(rb"START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)")


async def take(source: Source, folder: Path, keep: int) -> Path:
    """The new backup's directory, in ``folder``; the oldest beyond ``keep`` go, and with them what
    was kept for them alone. Raises Failed, Unavailable."""
    try:
        with alone(folder):
            done = await _take(source, folder)
            oldest = forget(folder, keep)
            all_of_it = unsure(folder)
            await settle(source, str(folder), oldest.segment, oldest.position, all_of_it)
    except (OSError, NoBackup) as error:  # a full disk, for one
        raise Failed(str(error)) from error
    return done


async def _take(source: Source, folder: Path) -> Path:
    began, now = datetime.now(UTC), await standing(source)
    check_owner(now.system, [*kept(folder).values()], str(folder))
    name = name_of(began)
    draft = folder / f"{DRAFT}{name}"
    draft.mkdir(mode=0o700)
    try:
        await _objects(source, draft / OBJECTS)
        await _base(source.postgres_url, draft / BASE)
        based = Based(began, datetime.now(UTC), _segment(draft / BASE))
        manifest = now.manifest(source, based, await _objects(source, draft / OBJECTS))
        manifest.write(draft)
        return draft.rename(folder / name)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def name_of(began: datetime) -> str:
    return f"{began:%Y%m%dT%H%M%S.%fZ}"


def check_owner(system: str, backups: list[Manifest], place: str) -> None:
    """Two instances would each drop what the other needs. Raises Failed."""
    if any(each.system not in ("", system) for each in backups):
        raise Failed(f"{place} has the backups of another instance")


async def _base(url: str, place: Path) -> None:
    options, environment = password(url)
    options += ["-D", str(place), "-X", "stream", "-c", "fast", "--manifest-checksums=SHA256"]
    await run("pg_basebackup", *options, environment=environment)
    await run("pg_verifybackup", "-q", str(place))


def _segment(base: Path) -> str:
    found = START.search((base / "backup_label").read_bytes())
    if found is None:
        raise Failed("pg_basebackup left no label")
    return found[1].decode()


async def _objects(source: Source, place: Path) -> int:
    """Before the database and once more after it: whatever it names when the backup is whole was
    there at one of these times. What goes meanwhile is needed by nobody. How many there are."""
    if source.objects is None:
        return 0
    os.makedirs(place, exist_ok=True)
    kept = 0
    for key in await keys_of(source.objects):
        path = place / key
        # Nothing else changes under its key.
        known = path.exists() and "/uploads/" not in key
        kept += known or await copy(source.objects, key, path)
    return kept


def forget(folder: Path, keep: int) -> Manifest:
    """Backups beyond the newest ``keep``, and drafts that were left, go; the oldest that stays."""
    for old in [*kept(folder)][:-keep]:
        old.rename(folder / f"{DRAFT}{old.name}")  # at once: half of one looks whole
    for left in folder.glob(f"{DRAFT}*"):
        shutil.rmtree(left, ignore_errors=True)
    return min(kept(folder).values(), key=lambda each: each.segment[8:])
