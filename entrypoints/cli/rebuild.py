"""`souk rebuild`."""

import asyncio
from pathlib import Path

import click

from adapters.projector.rebuild import Compared, Rebuilt, Refused
from adapters.projector.rebuild import rebuild as build
from entrypoints.cli.failures import Refusal
from entrypoints.cli.options import data_dir
from entrypoints.cli.progress import Bar
from entrypoints.instance import find
from projections import PROJECTIONS


@click.command()
@click.argument("projection", type=click.Choice(sorted(PROJECTIONS)), metavar="PROJECTION")
@click.option("--back", is_flag=True, help="To the tables that were replaced last.")
@data_dir
def rebuild(projection: str, back: bool, directory: Path | None) -> None:
    """Build a projection's tables again from the log, beside those that are served, and switch.

    Everything goes on meanwhile, and nothing is pushed twice. Run it again if it was ended.

    \b
    Example:
      souk rebuild orders
      souk rebuild orders --back
    """
    url = find(directory).postgres_url
    with Bar("events") as bar:
        done = asyncio.run(_run(url, projection, back, bar))
    for table in done.tables:
        click.echo(_line(table))
    click.echo(f"{projection}: switched at position {done.position}")


async def _run(url: str, name: str, back: bool, bar: Bar) -> Rebuilt:
    reached: int | None = None

    def progress(position: int, target: int) -> None:
        nonlocal reached
        bar.start(target)
        bar.advance(position - (reached or 0))
        reached = position

    try:
        return await build(url, name, PROJECTIONS[name], back=back, progress=progress)
    except Refused as refused:
        raise Refusal(str(refused)) from refused


def _line(table: Compared) -> str:
    rows = f"{table.table}: {table.built} rows, {table.live} before"
    if table.differing is None:
        return f"{rows}; another version"
    return f"{rows}; {table.differing or 'none'} differ{'s' if table.differing == 1 else ''}"
