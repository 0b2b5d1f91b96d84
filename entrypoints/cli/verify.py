"""`souk verify`."""

import asyncio
import sys
from pathlib import Path

import click

from adapters.media.objects import Objects
from adapters.projector.verify import Difference
from adapters.projector.verify import verify as compare
from entrypoints.cli.options import data_dir
from entrypoints.cli.progress import Bar
from entrypoints.instance import find
from projections import PROJECTIONS


@click.command()
@data_dir
def verify(directory: Path | None) -> None:
    """Fold the log again and compare every read table, counter, kept state, hash chain and root,
    and open every person's key.

    Runs beside a live system. Prints each difference on a line; exits with 1 if there is any.

    \b
    Example:
      souk verify --data-dir .souk
    """
    settings = find(directory)
    differences = 0

    def found(difference: Difference) -> None:
        nonlocal differences
        differences += 1
        click.echo(str(difference))

    objects = Objects(settings.s3_url) if settings.s3_url else None
    postgres, valkey = settings.postgres_url, settings.valkey_url
    with Bar("events") as bar:
        asked = compare(postgres, valkey, PROJECTIONS, bar, found, objects, settings.master_key)
        done = asyncio.run(asked)
    if objects:
        objects.close()
    kept = "not asked for them" if done.shelved is None else f"has {done.shelved}"
    click.echo(
        f"{differences or 'no'} difference{'' if differences == 1 else 's'} at position"
        f" {done.position}: {done.tables} tables, {done.rows} rows, {done.counters} counters,"
        f" {done.states} kept states, {done.roots} roots (S3 {kept})"
    )
    sys.exit(1 if differences else 0)
