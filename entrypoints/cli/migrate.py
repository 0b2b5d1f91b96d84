"""`souk migrate`."""

import asyncio
from pathlib import Path

import click

from adapters.schema import establish
from entrypoints.cli.options import data_dir
from entrypoints.instance import find
from entrypoints.proving import prove, renew
from entrypoints.settings import Settings
from projections import PROJECTIONS


@click.command()
@click.option("--new-secret", is_flag=True, help="SOUK_SECRET was changed on purpose.")
@data_dir
def migrate(new_secret: bool, directory: Path | None) -> None:
    """Bring the database up to date; run it before the roles of a new version.

    \b
    Example:
      SOUK_POSTGRES_URL=postgresql://souk@db/souk … souk migrate
    """
    applied, over = asyncio.run(_migrate(find(directory), new_secret))
    click.echo(f"applied: {', '.join(applied) or 'nothing, all is there'}")
    if over:
        click.echo(f"built by the projector: {', '.join(over)}")


async def _migrate(settings: Settings, new_secret: bool) -> tuple[list[str], list[str]]:
    done = await establish(settings.postgres_url, PROJECTIONS)
    if new_secret:
        await renew(settings)
    await prove(settings, lays=True)
    return done
