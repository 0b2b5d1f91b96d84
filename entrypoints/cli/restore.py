"""`souk restore`."""

import asyncio
import os
import shutil
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import click

from adapters.backup.archive import Archive
from adapters.backup.far import Far
from adapters.backup.manifest import NoBackup
from adapters.backup.near import Near
from adapters.backup.places import NoPlace, is_away, placed
from adapters.backup.restoring import Foreign, Occupied, Reached, TooEarly, TooLate, Wanted
from adapters.backup.restoring import restore as recover
from adapters.backup.secrets import NoKeys
from adapters.backup.source import Failed
from adapters.embedded.urls import Urls
from adapters.erasing.receipts import Forged
from adapters.media.objects import Objects
from adapters.media.sending import AGAIN
from entrypoints import logs
from entrypoints.cli.failures import Refusal
from entrypoints.reviving import Revived, revive
from entrypoints.variables import server_url_of

LATEST = "latest"
REFUSED = (
    NoBackup,
    NoPlace,
    Occupied,
    TooEarly,
    TooLate,
    Foreign,
    NoKeys,
    Failed,
    Forged,
    OSError,
)
FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


class Moment(click.ParamType):  # type: ignore[type-arg]
    """A time of ISO 8601, UTC unless it says otherwise; None for ``latest``."""

    name = "TIME"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime | None:
        if value == LATEST or value is None:
            return None
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value} is no time such as 2026-05-16T12:30:00Z, nor `{LATEST}`")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.command()
@click.option(
    "--from",
    "backup",
    metavar="DIRECTORY|s3://BUCKET/PREFIX/NAME",
    required=True,
    help="One backup; of a bucket without a name, the newest that is old enough.",
)
@click.option("--to", type=Moment(), default=LATEST, show_default=True, help="The moment.")
@click.option(
    "--data-dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="A new one; nothing is written over.",
)
@click.option(
    "--keys",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="The file of `souk backup --with-keys`, or the old data directory.",
)
@click.option("--wal", type=FOLDER, help="The write-ahead log. Default: where the backup says.")
@click.option("--arrived", type=FOLDER, help="Later objects. Default: beside the log.")
@click.option("--receipts", type=FOLDER, help="Of erasures. Default: where the backup says.")
@click.option("--no-receipts", is_flag=True, help="Nobody was erased since, and you know it.")
def restore(
    backup: str,
    to: datetime | None,
    directory: Path,
    keys: Path,
    wal: Path | None,
    arrived: Path | None,
    receipts: Path | None,
    no_receipts: bool,
) -> None:
    """Restore a backup to a moment, in a new data directory; then `souk up` runs on it.

    Its files go to the S3 server that SOUK_S3_URL names, else to its own, as with `souk up`. Who
    was erased since is erased again, by the receipts. The whole state is verified, every file
    that it names is put back and compared; the command ends with 1 if anything differs or is
    missing.

    \b
    Example:
      souk restore --from /mnt/backups/20260516T120000.000000Z --to 2026-05-16T12:30:00Z \\
        --data-dir .souk-restored --keys /mnt/apart/souk.keys
    """
    logs.configure("critical")
    told = receipts, no_receipts
    try:
        reached, revived = asyncio.run(
            _restore(backup, to, directory.absolute(), keys, (wal, arrived), told)
        )
    except REFUSED as refused:
        raise Refusal(str(refused) or "The S3 server does not answer.") from refused
    click.echo(f"restored to position {reached.position}, recorded {reached.at.isoformat()}")
    if reached.hole:
        click.echo(f"the write-ahead log has a hole: from {reached.hole} on nothing was restored")
    tell(revived, reached.hole is not None)


async def _restore(
    backup: str,
    to: datetime | None,
    home: Path,
    keys: Path,
    kept: tuple[Path | None, Path | None],
    told: tuple[Path | None, bool],
) -> tuple[Reached, Revived]:
    given = Urls(s3=server_url_of(os.environ, "SOUK_S3_URL") or None)
    async with AsyncExitStack() as stack:
        origin = await _origin(backup, to, kept, stack)
        receipts = None if told[1] else await _receipts(told[0], origin, stack)
        reached = await recover(Wanted(origin, home, keys, to))
        old = Path(origin.manifest.wal).parent
        return reached, await revive(home, origin.shelves, receipts, given, old)


async def _origin(
    backup: str,
    to: datetime | None,
    kept: tuple[Path | None, Path | None],
    stack: AsyncExitStack,
) -> Near | Far:
    if not is_away(backup):
        return Near(Path(backup), *kept)
    if any(kept):
        raise Failed("a bucket has the log and the objects too: leave out --wal and --arrived")
    place = placed(backup, os.environ.get("SOUK_S3_URL", ""), os.environ)
    there = Objects(place.url, again=AGAIN)
    stack.callback(there.close)
    return await Far.open(Archive(there, place.prefix), place.name, to)


async def _receipts(given: Path | None, origin: Near | Far, stack: AsyncExitStack) -> Path | None:
    """A bucket has those that were sent there; with what the instance's directory has."""
    found = _here(given, Path(origin.manifest.receipts), isinstance(origin, Far))
    if isinstance(origin, Near):
        return found
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="souk-receipts-")))
    await origin.receipts(folder)
    if found is not None:
        shutil.copytree(found, folder, dirs_exist_ok=True)
    return folder


def _here(given: Path | None, usual: Path, elsewhere: bool) -> Path | None:
    """None: nobody was ever erased. The instance's directory may be gone, and they with it."""
    if given is not None or usual.is_dir():
        return given or usual
    if usual.parent.is_dir() or elsewhere:
        return None
    raise Refusal("Where are the receipts of erasures? Name --receipts, or say --no-receipts.")


def tell(revived: Revived, worse: bool = False) -> None:
    """What was found, line by line; ends with 1 when anything differs or is missing."""
    click.echo(f"it goes on from position {revived.position}")
    for difference in revived.differences:
        click.echo(difference)
    for word, named in (("missing", revived.files.missing), ("purged", revived.files.purged)):
        for each in named:
            click.echo(f"{word}: {each.key}, of {each.asset}")
    missing, purged = len(revived.files.missing), len(revived.files.purged)
    click.echo(
        f"{revived.files.files} files, {missing or 'none'} missing,"
        f" {purged or 'none'} purged since, {revived.erased} erased again,"
        f" {len(revived.differences) or 'no'} differences"
    )
    if revived.differences or missing or worse:
        raise SystemExit(1)
