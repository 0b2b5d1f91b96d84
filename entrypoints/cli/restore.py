"""`souk restore`."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from adapters.backup.manifest import NoBackup, read
from adapters.backup.restoring import Occupied, TooEarly, TooLate, Wanted
from adapters.backup.restoring import restore as recover
from adapters.backup.secrets import NoKeys
from adapters.backup.taking import Failed
from adapters.erasing.receipts import Forged
from entrypoints import logs
from entrypoints.cli.failures import Refusal
from entrypoints.reviving import Revived, revive

LATEST = "latest"
REFUSED = (NoBackup, Occupied, TooEarly, TooLate, NoKeys, Failed, Forged)
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
@click.option("--from", "backup", type=FOLDER, required=True, help="One backup's directory.")
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
@click.option("--receipts", type=FOLDER, help="Of erasures. Default: where the backup says.")
@click.option("--no-receipts", is_flag=True, help="Nobody was erased since, and you know it.")
def restore(
    backup: Path,
    to: datetime | None,
    directory: Path,
    keys: Path,
    wal: Path | None,
    receipts: Path | None,
    no_receipts: bool,
) -> None:
    """Restore a backup to a moment, in a new data directory; then `souk up` runs on it.

    Who was erased since is erased again, by the receipts. The whole state is verified; the command
    ends with 1 if anything differs.

    \b
    Example:
      souk restore --from /mnt/backups/20260516T120000.000000Z --to 2026-05-16T12:30:00Z \\
        --data-dir .souk-restored --keys /mnt/apart/souk.keys
    """
    logs.configure("critical")
    try:
        manifest = read(backup)
        told = None if no_receipts else _receipts(receipts, Path(manifest.receipts))
        wanted = Wanted(backup, directory.absolute(), keys, wal or Path(manifest.wal), to)
        reached = asyncio.run(recover(wanted))
        revived = asyncio.run(revive(directory, backup, told))
    except REFUSED as refused:
        raise Refusal(str(refused)) from refused
    click.echo(f"restored to position {reached.position}, recorded {reached.at.isoformat()}")
    tell(revived)


def _receipts(given: Path | None, usual: Path) -> Path | None:
    """None: nobody was ever erased. The instance's directory may be gone, and they with it."""
    if given is not None or usual.is_dir():
        return given or usual
    if usual.parent.is_dir():
        return None
    raise Refusal("Where are the receipts of erasures? Name --receipts, or say --no-receipts.")


def tell(revived: Revived) -> None:
    """What was found, line by line; ends with 1 when anything differs."""
    click.echo(f"it goes on from position {revived.position}")
    for difference in revived.differences:
        click.echo(difference)
    click.echo(
        f"{revived.objects} files, {revived.erased} erased again,"
        f" {len(revived.differences) or 'no'} differences"
    )
    if revived.differences:
        raise SystemExit(1)
