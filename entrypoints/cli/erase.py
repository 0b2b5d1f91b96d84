"""`souk erase` and `souk subject`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import click
import msgspec

from adapters.erasing.eraser import Eraser
from adapters.erasing.held import Copy, Holding
from adapters.erasing.receipts import Forged, Receipt, Signed
from adapters.erasing.replaying import replay
from adapters.log.log import PostgresLog
from adapters.media.objects import Objects
from application.ports import Call
from domain.erasures import REASON
from entrypoints import logs
from entrypoints.cli.failures import Nothing, Refusal
from entrypoints.cli.options import NAMED, data_dir
from entrypoints.cli.recording import write
from entrypoints.instance import find
from entrypoints.settings import Settings
from entrypoints.wiring import eraser_of

ACTOR = "operator"


def coded(context: click.Context, option: click.Parameter, value: str) -> str:
    if not REASON.fullmatch(value):
        raise click.BadParameter("must be a-z and _, 40 at the most")
    return value


@click.command()
@click.option("--tenant", type=NAMED, help="Whose member they are.")
@click.option("--subject", type=NAMED, metavar="ID", help="The person's user id.")
@click.option(
    "--reason",
    default="requested",
    show_default=True,
    metavar="CODE",
    callback=coded,
    help="Why.",
)
@click.option("--yes", is_flag=True, help="Do it; else it is only told what is held.")
@click.option("--replay", "again", is_flag=True, help="Every erasure with a receipt, once more.")
@data_dir
def erase(
    tenant: str | None,
    subject: str | None,
    reason: str,
    yes: bool,
    again: bool,
    directory: Path | None,
) -> None:
    """Erase a person, for ever: their key, and all that was made of their data.

    When it ends no process opens their data any more. Run it again if it was ended. After a
    restore, --replay does again what the restored state does not know of.

    \b
    Example:
      souk erase --tenant bazaar --subject amina
      souk erase --tenant bazaar --subject amina --yes
    """
    logs.configure("critical")
    settings = find(directory)
    if again:
        if tenant or subject or yes:
            raise click.UsageError("--replay takes every receipt there is: say it alone.")
        for receipt in asyncio.run(_replay(settings)):
            click.echo(f"{receipt.tenant} {receipt.subject}: erased again")
        return
    if tenant is None or subject is None:
        raise click.UsageError("Name --tenant and --subject, or say --replay.")
    if not yes:
        _show(asyncio.run(_held(settings, tenant, subject)))
        click.echo("Nothing is erased yet; say --yes to do it.", err=True)
        return
    _show(asyncio.run(_erase(settings, tenant, subject, reason)))


@click.command()
@click.option("--tenant", required=True, type=NAMED, help="Whose member they are.")
@click.option("--subject", required=True, type=NAMED, metavar="ID", help="The person's user id.")
@data_dir
def subject(tenant: str, subject: str, directory: Path | None) -> None:
    """Write what is held about one person as JSON, for themselves to have. It is recorded.

    \b
    Example:
      souk subject --tenant bazaar --subject amina > amina.json
    """
    logs.configure("critical")
    _show(asyncio.run(_copy(find(directory), tenant, subject)))


def _show(told: Holding | Copy | Signed) -> None:
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(told)).decode() + "\n")


async def _held(settings: Settings, tenant: str, subject: str) -> Holding:
    async with _of(settings, tenant) as eraser:
        return await eraser.holding(tenant, subject)


async def _copy(settings: Settings, tenant: str, subject: str) -> Copy:
    async with _of(settings, tenant) as eraser:
        found = await eraser.copy(tenant, subject)
        if found.events or found.files:
            asked = {"subject": subject}
            await write(eraser.log, tenant, "souk subject", asked)
        return found


async def _erase(settings: Settings, tenant: str, subject: str, reason: str) -> Signed:
    id = uuid4()
    async with _of(settings, tenant) as eraser:
        return await eraser.erase(Call(tenant, ACTOR, id, id), subject, reason)


async def _replay(settings: Settings) -> list[Receipt]:
    try:
        async with connected(settings) as eraser:
            return await replay(eraser)
    except Forged as forged:
        raise Refusal(str(forged)) from forged


@asynccontextmanager
async def _of(settings: Settings, tenant: str) -> AsyncIterator[Eraser]:
    """Raises Nothing for a tenant without a history: to erase there would begin one."""
    async with connected(settings) as eraser:
        if not await eraser.has(tenant):
            raise Nothing(tenant)
        yield eraser


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Eraser]:
    objects = Objects(settings.s3_url)
    try:
        async with PostgresLog(settings.postgres_url, settings.master_key) as log:
            yield eraser_of(settings, log, objects)
    finally:
        objects.close()
