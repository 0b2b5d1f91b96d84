"""`souk verify`."""

import asyncio
import sys
from pathlib import Path

import click

from adapters.projector.verify import Difference
from adapters.projector.verify import verify as compare
from entrypoints.cli.options import data_dir
from entrypoints.cli.progress import Bar
from entrypoints.instance import find
from projections import PROJECTIONS


@click.command()
@data_dir
def verify(directory: Path | None) -> None:
    """Fold the log again and compare every read table, counter and hash chain with it.

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

    with Bar("events") as bar:
        done = asyncio.run(
            compare(settings.postgres_url, settings.valkey_url, PROJECTIONS, bar, found)
        )
    click.echo(
        f"{differences or 'no'} difference{'' if differences == 1 else 's'} at position"
        f" {done.position}: {done.tables} tables, {done.rows} rows, {done.counters} counters"
    )
    sys.exit(1 if differences else 0)
