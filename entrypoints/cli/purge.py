"""`souk purge`."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import click

from adapters.log.log import PostgresLog
from adapters.postgres.pools import HOUR, READ, open_pool
from adapters.projector.reader import PostgresReader
from application.bin import Bin, Condemned, Purged
from application.commands import Commands
from application.ports import Call, Origin
from domain.kernel import Rejected
from entrypoints import logs
from entrypoints.cli.expecting import expect
from entrypoints.cli.options import data_dir, tenant
from entrypoints.instance import find
from entrypoints.settings import Settings
from projections import bin
from projections.bin import PURGEABLE, Thing

MOST = 100_000  # things in one run


@click.command()
@tenant
@click.option("--context", type=click.Choice(PURGEABLE), help="Of that only. Default: of all.")
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(0, 36_500),
    help="Days since it was deleted; at least the tenant's retention, which is the default.",
)
@click.option("--confirm/--dry-run", "sure", help="Do it; else it is only told what would be done.")
@data_dir
def purge(
    tenant: str, context: str | None, days: int | None, sure: bool, directory: Path | None
) -> None:
    """Let go for good of what was deleted long ago.

    Files that nothing shows any more are erased by `souk media purge`, and what is known of a
    person is not touched.

    \b
    Example:
      souk purge --tenant bazaar --older-than 90 --confirm
    """
    logs.configure("critical")
    try:
        total, things, done = asyncio.run(_purge(find(directory), tenant, context, days, sure))
    except Rejected as no:
        raise click.UsageError(f"{no.detail} in {tenant}") from None
    if done is None:
        for thing in things:
            click.echo(f"{thing.deleted_at:%Y-%m-%d}  {thing.context}/{thing.id}  {thing.name}")
        click.echo(f"{total} would be purged; say --confirm to do it")
        return
    for kept in done.kept:
        click.echo(f"kept  {kept.context}/{kept.id}  {kept.code}")
    click.echo(f"{done.purged} purged")


async def _purge(
    settings: Settings, tenant: str, context: str | None, days: int | None, sure: bool
) -> tuple[int, list[Thing], Purged | None]:
    await expect(settings.postgres_url, tenant)
    read = await open_pool(
        settings.postgres_url, READ, size=1, name="souk-purge", timeout=60, limit=HOUR
    )
    try:
        db = PostgresReader(read)(tenant)
        total, things = await bin.due(db, context, days, datetime.now(UTC), MOST)
    finally:
        await read.close()
    if not sure:
        return total, things, None
    id = uuid4()
    call = Call(tenant, "operator", id, id, origin=Origin("cli"))
    condemned = [Condemned(t.context, t.id, t.place, t.media) for t in things]
    async with PostgresLog(settings.postgres_url, settings.master_key) as log:
        return total, things, await Bin(Commands(log)).purge(call, condemned)
