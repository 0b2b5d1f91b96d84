"""`souk report marketplace`."""

import asyncio
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from adapters.postgres.pools import READ, open_pool
from adapters.projector.reader import PostgresReader
from entrypoints.cli.options import data_dir, tenant
from entrypoints.instance import find
from projections.analytics.report import MarketplaceReport
from projections.analytics.report import marketplace as figures


@click.group()
def report() -> None:
    """Figures from the read side."""


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
    pool = await open_pool(url, READ, size=1, name="souk-report", timeout=60)
    try:
        return await figures(PostgresReader(pool)(tenant))
    finally:
        await pool.close()


def _show(answer: MarketplaceReport) -> None:
    table = Table(show_header=False)
    for name, value in msgspec.to_builtins(answer).items():
        shown = value if isinstance(value, int) else msgspec.json.encode(value).decode()
        table.add_row(name.replace("_", " "), str(shown))
    Console().print(table)
