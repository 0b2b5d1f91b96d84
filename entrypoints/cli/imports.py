"""`souk import olist`."""

import asyncio
from pathlib import Path

import click

from entrypoints.cli.failures import Refusal
from entrypoints.cli.options import data_dir, tenant
from entrypoints.cli.progress import Bar
from entrypoints.instance import find
from entrypoints.olist import Problem, Progress, Summary, Unreadable, import_olist


@click.group(name="import")
def imports() -> None:
    """Run another system's history through Souk.

    \b
    Example:
      souk import olist ./olist --tenant olist
    """


class Shown(Progress):
    """An import's progress, on a bar."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar

    def start(self, total: int) -> None:
        self._bar.start(total)

    def advance(self, facts: int) -> None:
        self._bar.advance(facts)

    def problem(self, problem: Problem) -> None:
        self._bar.note(str(problem))


@imports.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@tenant
@data_dir
def olist(folder: Path, tenant: str, directory: Path | None) -> None:
    """Import the public Olist CSVs of FOLDER, gzipped or not, into a tenant.

    May be stopped and run again: what is there already is left alone.

    \b
    Example:
      souk import olist ./olist --tenant olist
    """
    settings = find(directory)
    try:
        with Bar("facts") as bar:
            summary = asyncio.run(import_olist(settings, folder, tenant, Shown(bar)))
    except Unreadable as error:
        raise Refusal(str(error)) from error
    except KeyboardInterrupt:
        raise Refusal("Stopped. Run it again to go on from here.") from None
    _tell(summary)


def _tell(summary: Summary) -> None:
    click.echo(
        f"{summary.checkouts} checkouts of {summary.orders} orders"
        f" ({summary.without_items} without items): {summary.facts_done} facts imported,"
        f" {summary.facts_already} were there, {summary.damaged} damaged rows skipped"
    )
    for refusal in summary.refused:
        click.echo(f"refused: {refusal}", err=True)
