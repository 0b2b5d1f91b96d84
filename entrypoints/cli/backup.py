"""`souk backup`."""

import asyncio
import os
from pathlib import Path

import click

from adapters.backup import secrets
from adapters.backup.archive import Archive
from adapters.backup.manifest import Manifest, NoBackup, damaged, read
from adapters.backup.places import NoPlace, is_away, placed
from adapters.backup.pushing import Pushing
from adapters.backup.source import Failed, Source
from adapters.backup.taking import take
from adapters.embedded.home import Home
from adapters.media.objects import Objects
from adapters.media.sending import AGAIN
from entrypoints import logs
from entrypoints.cli.failures import Refusal
from entrypoints.instance import DEFAULT, running, settings_of, urls_of

KEEP = 7


@click.command()
@click.option(
    "--to",
    "place",
    metavar="DIRECTORY|s3://BUCKET/PREFIX",
    help="Of all backups. Default: backups in the data directory.",
)
@click.option("--keep", type=click.IntRange(1), default=KEEP, show_default=True, help="How many.")
@click.option(
    "--with-keys",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the instance's keys to this file. Keep it apart.",
)
@click.option(
    "--catch-up",
    is_flag=True,
    help="No new backup: send to the bucket what has come since the last time.",
)
@click.option(
    "--data-dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT,
    show_default=True,
    help="Of the running `souk up`.",
)
def backup(
    place: str | None, keep: int, file: Path | None, catch_up: bool, directory: Path
) -> None:
    """Back up a running `souk up`, while it runs: its database, checked, and its files.

    The keys are not in it: without them nothing personal in it can be read, and nobody can sign
    in. Together with what the data directory keeps from then on it restores any later moment; a
    bucket is sent that by --catch-up. AWS_ACCESS_KEY_ID and the like say who may write to the
    bucket, AWS_ENDPOINT_URL where it is; without them it is on the instance's own S3 server.

    \b
    Example:
      souk backup --to /mnt/backups --with-keys /mnt/apart/souk.keys
    """
    logs.configure("critical")
    home = Home(directory)
    settings = settings_of(home, urls_of(running(home)))
    to = place or str(home.path / "backups")
    try:
        away = is_away(to)
    except NoPlace as failed:
        raise Refusal(str(failed)) from failed
    if catch_up and not away:
        raise Refusal("--catch-up is for a bucket: a directory is copied together with the others")
    objects = Objects(settings.s3_url, again=AGAIN) if settings.s3_url else None
    try:
        keys = secrets.load(home.path)
        known = secrets.fingerprint(keys), secrets.fingerprint_of_secret(keys)
        source = Source(settings.postgres_url, objects, home.path, settings.receipts, *known)
        if file is not None:
            secrets.save(home, file)
        if away:
            asyncio.run(_away(source, to, settings.s3_url, keep, catch_up))
        else:
            done = asyncio.run(take(source, Path(to).absolute(), keep))
            _tell(str(done), read(done))
            for left in damaged(done.parent):
                _tell_damage(str(left))
    except (Failed, NoBackup, NoPlace, secrets.NoKeys, OSError) as failed:
        raise Refusal(str(failed)) from failed
    finally:
        if objects is not None:
            objects.close()


async def _away(source: Source, to: str, own: str, keep: int, catch_up: bool) -> None:
    place = placed(to, own, os.environ)
    there = Objects(place.url, again=AGAIN)
    try:
        pushing = Pushing(source, Archive(there, place.prefix), to)
        if catch_up:
            click.echo(f"{await pushing.catch_up()} files sent to {to}")
        else:
            name, manifest = await pushing.take(keep)
            _tell(f"{to.rstrip('/')}/{name}", manifest)
            for left in await pushing.damaged():
                _tell_damage(f"{to.rstrip('/')}/{left}")
    finally:
        there.close()


def _tell_damage(where: str) -> None:
    told = "is damaged: neither counted nor removed; what it may need is kept until it is"
    click.echo(f"{where} {told}", err=True)


def _tell(where: str, manifest: Manifest) -> None:
    click.echo(
        f"{where}: position {manifest.position} at least, {manifest.objects} files,"
        f" whole from {manifest.ended.isoformat()} on"
    )
