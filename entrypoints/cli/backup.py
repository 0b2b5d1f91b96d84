"""`souk backup`."""

import asyncio
from pathlib import Path

import click

from adapters.backup import secrets
from adapters.backup.manifest import read
from adapters.backup.taking import Failed, Source, take
from adapters.embedded.home import Home
from adapters.embedded.wal import FOLDER
from adapters.media.objects import Objects
from entrypoints import logs
from entrypoints.cli.failures import Refusal
from entrypoints.instance import DEFAULT, running, settings_of, urls_of

KEEP = 7


@click.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory of all backups. Default: backups in the data directory.",
)
@click.option("--keep", type=click.IntRange(1), default=KEEP, show_default=True, help="How many.")
@click.option(
    "--with-keys",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the instance's keys to this file. Keep it apart.",
)
@click.option(
    "--data-dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT,
    show_default=True,
    help="Of the running `souk up`.",
)
def backup(folder: Path | None, keep: int, file: Path | None, directory: Path) -> None:
    """Back up a running `souk up`, while it runs: its database, checked, and its files.

    The keys are not in it: without them nothing personal in it can be read, and nobody can sign
    in. Together with the write-ahead log in the data directory it restores any later moment.

    \b
    Example:
      souk backup --to /mnt/backups --with-keys /mnt/apart/souk.keys
    """
    logs.configure("critical")
    home = Home(directory)
    settings = settings_of(home, urls_of(running(home)))
    objects = Objects(settings.s3_url) if settings.s3_url else None
    source = Source(settings.postgres_url, objects, home.path / FOLDER, settings.receipts)
    try:
        done = asyncio.run(take(source, (folder or home.path / "backups").absolute(), keep))
    except Failed as failed:
        raise Refusal(str(failed)) from failed
    finally:
        if objects is not None:
            objects.close()
    if file is not None:
        secrets.save(home, file)
    manifest = read(done)
    click.echo(
        f"{done}: position {manifest.position} at least, {manifest.objects} files,"
        f" whole from {manifest.ended.isoformat()} on"
    )
