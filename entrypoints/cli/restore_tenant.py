"""`souk restore-tenant`."""

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

import click

from adapters.asof.points import Beyond
from adapters.backup.tenant import Exists, Restored, Source, TenantRestore, Unknown, position_at
from adapters.log.log import LONG, PostgresLog
from adapters.media.objects import Objects
from adapters.media.sending import AGAIN
from adapters.postgres.owner import owner
from entrypoints import logs
from entrypoints.cli.failures import Refusal
from entrypoints.cli.options import NAMED, data_dir
from entrypoints.cli.restore import Moment
from entrypoints.instance import find
from entrypoints.settings import Settings


class Place(Moment):
    """A position of the log, or a time."""

    name = "POSITION|TIME"

    def convert(  # type: ignore[override]
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | datetime | None:
        text = str(value)
        return int(text) if text.isdecimal() else super().convert(value, param, ctx)


@click.command(name="restore-tenant")
@click.option("--tenant", required=True, type=NAMED, help="Whose history.")
@click.option("--as", "to", required=True, type=NAMED, help="The new tenant.")
@click.option("--to", "until", type=Place(), help="As of then. Default: all of it.")
@click.option(
    "--from-dir",
    "origin",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Directory of a `souk up` on a restored state. Default: the running log itself.",
)
@data_dir
def restore_tenant(
    tenant: str,
    to: str,
    until: int | datetime | None,
    origin: Path | None,
    directory: Path | None,
) -> None:
    """Bring one tenant's history back as another tenant, beside everything that goes on.

    Its events come under new ids and with keys of their own; who was erased stays erased, and no
    reaction or timer fires for what is in the past. Run it again if it was ended.

    \b
    Example:
      souk restore-tenant --tenant bazaar --as bazaar-may --to 2026-05-16T12:30:00Z
    """
    logs.configure("critical")
    here = find(directory)
    there = here if origin is None else find(origin)
    try:
        done = asyncio.run(_run(here, there, tenant, to, until))
    except Beyond as beyond:
        raise click.UsageError(f"--to: {beyond}") from None
    except (Unknown, Exists) as refused:
        raise Refusal(str(refused)) from refused
    click.echo(
        f"{tenant} as of position {done.until} is {to}: {done.events} events,"
        f" {done.files} files ({done.missing or 'none'} missing),"
        f" the last at position {done.position}"
    )


async def _run(
    here: Settings, there: Settings, tenant: str, to: str, until: int | datetime | None
) -> Restored:
    async with AsyncExitStack() as stack:
        log, old = [
            await stack.enter_async_context(
                PostgresLog(each.postgres_url, each.master_key, patience=LONG)
            )
            for each in (here, there)
        ]
        db = await stack.enter_async_context(owner(here.postgres_url))
        read = await stack.enter_async_context(owner(there.postgres_url))
        objects, files = _objects(here, stack), _objects(there, stack)
        if isinstance(until, datetime):
            until = await position_at(read, until)
        return await TenantRestore(Source(read, old, files), db, log, objects).run(
            tenant, to, until
        )


def _objects(settings: Settings, stack: AsyncExitStack) -> Objects | None:
    if not settings.s3_url:
        return None
    objects = Objects(settings.s3_url, again=AGAIN)
    stack.callback(objects.close)
    return objects
