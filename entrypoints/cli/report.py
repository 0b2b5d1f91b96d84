"""`souk report marketplace`."""

import asyncio
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from adapters.postgres.pools import PROJECT, READ, open_pool
from adapters.projector.positions import Positions
from adapters.projector.reader import PostgresReader
from entrypoints.cli.options import data_dir, tenant
from entrypoints.instance import find
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
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@data_dir
def marketplace(tenant: str, as_json: bool, directory: Path | None) -> None:
    """Orders, sellers, payments and revenue of a tenant.

    \b
    Example:
      souk report marketplace --tenant olist --json
    """
    answer = asyncio.run(_ask(find(directory).postgres_url, tenant))
    if as_json:
        click.echo(msgspec.json.encode(answer).decode())
    else:
        _show(answer)


async def _ask(url: str, tenant: str) -> MarketplaceReport:
    """Waits first for the projection to reach what is in the log now."""
    read = await open_pool(url, READ, size=2, name="souk-report", timeout=60)
    log = await open_pool(url, PROJECT, size=1, name="souk-report", timeout=60)
    try:
        positions = Positions(read, log)
        lag = (await positions.lags())[PROJECTION]
        await positions.wait(PROJECTION, lag.position + lag.events, CATCH_UP)
        return await figures(PostgresReader(read)(tenant))
    finally:
        await read.close()
        await log.close()


def _show(answer: MarketplaceReport) -> None:
    table = Table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in msgspec.to_builtins(answer).items():
        shown = value if isinstance(value, int) else msgspec.json.encode(value).decode()
        table.add_row(name.replace("_", " "), str(shown))
    Console().print(table)
