"""`souk media`."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from adapters.log.log import PostgresLog
from adapters.media.objects import Objects
from adapters.media.purging import Idle, Purging, idle
from adapters.projector.leader import connected
from entrypoints import logs
from entrypoints.cli.expecting import expect
from entrypoints.cli.options import data_dir, tenant
from entrypoints.instance import find
from entrypoints.settings import Settings

RETENTION = 90  # days


@click.group()
def media() -> None:
    """Uploads and what was made of them.

    \b
    Example:
      souk media purge --tenant bazaar
    """


@media.command()
@tenant
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(0, 36_500),
    default=RETENTION,
    show_default=True,
    help="Days that nothing has shown or changed them.",
)
@click.option("--yes", is_flag=True, help="Do it; else it is only told what would be done.")
@data_dir
def purge(tenant: str, days: int, yes: bool, directory: Path | None) -> None:
    """Erase the files of uploads that nothing shows any more.

    \b
    Example:
      souk media purge --tenant bazaar --older-than 90 --yes
    """
    logs.configure("critical")
    before = datetime.now(UTC) - timedelta(days=days)
    done, wanted = asyncio.run(_purge(find(directory), tenant, before, yes))
    for asset in wanted:
        click.echo(f"{asset.id}  {asset.since:%Y-%m-%d}  {asset.size or 0:,} bytes")
    click.echo(f"{done} purged" if yes else f"{len(wanted)} would be purged; say --yes to do it")


async def _purge(
    settings: Settings, tenant: str, before: datetime, yes: bool
) -> tuple[int, list[Idle]]:
    await expect(settings.postgres_url, tenant)
    objects = Objects(settings.s3_url)
    async with (
        connected(settings.postgres_url, "souk-purge") as db,
        PostgresLog(settings.postgres_url, settings.master_key) as log,
    ):
        wanted = await idle(db, tenant, before)
        purging = Purging(db, log, objects, tenant, "operator")
        done = [await purging.purge(asset) for asset in wanted if yes]
        if yes:
            await purging.finish()
    objects.close()
    return sum(done), wanted
