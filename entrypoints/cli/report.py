"""`souk report marketplace`."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from adapters.asof.folds import Folds
from adapters.asof.past import Past
from adapters.asof.points import SPELT, Beyond, Malformed, point
from adapters.audit.history import opened
from adapters.log.log import PostgresLog
from adapters.postgres.pools import ASOF, HOUR, PROJECT, READ, Pool, open_pool
from adapters.projector.positions import Positions
from adapters.projector.projector import few_collections
from adapters.projector.reader import PostgresReader
from entrypoints.cli.expecting import expect
from entrypoints.cli.options import data_dir, tenant
from entrypoints.cli.recording import check, record
from entrypoints.instance import find
from entrypoints.settings import Settings
from projections import PROJECTIONS
from projections.analytics.report import MarketplaceReport
from projections.analytics.report import marketplace as figures

PROJECTION = "analytics"
CATCH_UP = 300.0  # seconds that the projector has to fold what is in the log


@click.group()
def report() -> None:
    """Figures from the read side.

    \b
    Example:
      souk report marketplace --tenant olist --json
    """


@report.command()
@tenant
@click.option("--as-of", metavar="MOMENT", help=f"{SPELT}. Default: now.")
@click.option("--axis", type=click.Choice(["recorded", "occurred"]), help="Of a time.")
@click.option("--purpose", metavar="TEXT", help="Why the past is read; recorded with it.")
@click.option("--currency", metavar="CODE", help="Of the amounts. Default: that of most checkouts.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@data_dir
def marketplace(
    tenant: str,
    as_of: str | None,
    axis: str | None,
    purpose: str | None,
    currency: str | None,
    as_json: bool,
    directory: Path | None,
) -> None:
    """Orders, sellers, payments and revenue of a tenant, now or, which is recorded, as they were.

    \b
    Example:
      souk report marketplace --tenant olist --json
      souk report marketplace --tenant olist --as-of 2017-01-31T23:59:59Z --axis occurred
    """
    if axis and not as_of:
        raise click.UsageError("--axis needs --as-of.")
    if currency and not re.fullmatch("[A-Z]{3}", currency):
        raise click.UsageError("--currency is three capital letters, as in DZD.")
    check(purpose)
    settings = find(directory)
    if as_of:
        asked = _past(settings, tenant, as_of, axis, purpose, currency)
    else:
        asked = _ask(settings, tenant, currency)
    answer = asyncio.run(asked)
    if as_json:
        click.echo(msgspec.json.encode(answer).decode())
    else:
        _show(answer)


async def _ask(settings: Settings, tenant: str, currency: str | None) -> MarketplaceReport:
    """Waits first for the projection to reach what is in the log now."""
    await expect(settings.postgres_url, tenant)
    async with _pools(settings.postgres_url, READ, PROJECT) as (read, log):
        positions = Positions(read, log)
        lag = (await positions.lags())[PROJECTION]
        await positions.wait(PROJECTION, lag.position + lag.events, CATCH_UP)
        return await figures(PostgresReader(read)(tenant), currency)


async def _past(
    settings: Settings,
    tenant: str,
    as_of: str,
    axis: str | None,
    purpose: str | None,
    currency: str | None,
) -> MarketplaceReport:
    """Tells on standard error as of which position it is, and what it took."""
    url, what = settings.postgres_url, "souk report marketplace"
    async with _pools(url, READ, PROJECT, ASOF) as (read, log, asof):
        try:
            await point(log, as_of, axis)
        except (Malformed, Beyond) as error:
            raise click.UsageError(f"--as-of: {error}") from None
        async with (
            PostgresLog(url, settings.master_key) as own,
            opened(url, own.keyring, settings.patience, size=1) as history,
        ):
            await record(own, history, tenant, what, {"as_of": as_of, "axis": axis}, purpose)
        then = await point(log, as_of, axis)  # what was being appended then is there by now
        with few_collections():
            async with Folds(url, asof, PROJECTIONS) as folds:
                past = Past(folds, PostgresReader(read)(tenant), then, CATCH_UP)
                answer = await figures(past, currency)
        events, ms, _ = past.cost
        click.echo(f"As of {then.mark}: {events} events folded in {ms:g} ms.", err=True)
        return answer


@asynccontextmanager
async def _pools(url: str, *roles: str) -> AsyncIterator[list[Pool]]:
    async with AsyncExitStack() as stack:
        pools = []
        for role in roles:
            pool = await open_pool(url, role, size=2, name="souk-report", timeout=60, limit=HOUR)
            stack.push_async_callback(pool.close)
            pools.append(pool)
        yield pools


def _show(answer: MarketplaceReport) -> None:
    table = Table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in msgspec.to_builtins(answer).items():
        shown = value if isinstance(value, int) else msgspec.json.encode(value).decode()
        table.add_row(name.replace("_", " "), str(shown))
    Console().print(table)
