"""`souk migrate`."""

import asyncio
from pathlib import Path

import click

from adapters.schema import establish
from entrypoints.cli.options import data_dir
from entrypoints.instance import find
from projections import PROJECTIONS


@click.command()
@data_dir
def migrate(directory: Path | None) -> None:
    """Bring the database up to date; run it before the roles of a new version.

    \b
    Example:
      SOUK_POSTGRES_URL=postgresql://souk@db/souk … souk migrate
    """
    applied, over = asyncio.run(establish(find(directory).postgres_url, PROJECTIONS))
    click.echo(f"applied: {', '.join(applied) or 'nothing, all is there'}")
    if over:
        click.echo(f"built by the projector: {', '.join(over)}")
