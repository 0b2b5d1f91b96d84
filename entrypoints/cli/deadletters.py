"""`souk deadletters`."""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from adapters.deadletters import Letter, parked, retry
from entrypoints import logs
from entrypoints.cli.options import NAMED, data_dir
from entrypoints.instance import find
from projections import PROJECTIONS
from projections.kernel import finds_by_content


def chosen(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that narrow both commands."""
    names = click.Choice(list(PROJECTIONS))
    command = click.option("--tenant", type=NAMED, help="Only this tenant's.")(command)
    return click.option(
        "--projection", type=names, help="Only this projection's, and no policy's."
    )(data_dir(command))


@click.group()
def deadletters() -> None:
    """Events that a projection could not fold, and reactions that failed.

    \b
    Example:
      souk deadletters list
    """


@deadletters.command(name="list")
@chosen
def list_(directory: Path | None, projection: str | None, tenant: str | None) -> None:
    """One line for each parked stream and each parked reaction.

    \b
    Example:
      souk deadletters list --tenant bazaar
    """
    for letter in asyncio.run(parked(find(directory).postgres_url, projection, tenant)):
        click.echo(str(letter))


@deadletters.command(name="retry")
@chosen
def retry_(directory: Path | None, projection: str | None, tenant: str | None) -> None:
    """Try them once more, in order, beside the running system; after the cure.

    Prints what still fails, and exits with 1 then; and which projections only a rebuild makes
    exact, since what came in between may have changed rows that were not there yet.

    \b
    Example:
      souk deadletters retry --projection orders
    """
    settings = find(directory)
    logs.configure("critical")  # what fails again is listed below
    url = settings.postgres_url

    async def run() -> tuple[list[Letter], list[Letter]]:
        before = await parked(url, projection, tenant)
        await retry(url, settings.master_key, projection, tenant)
        return before, await parked(url, projection, tenant)

    before, left = asyncio.run(run())
    for letter in left:
        click.echo(str(letter))
    for name in _inexact(before, left):
        click.echo(f"projection {name}: `souk rebuild {name}` makes its rows exact")
    click.echo(f"{_events(before)} retried, {_events(left) or 'none'} still parked")
    sys.exit(1 if left else 0)


def _events(letters: Iterable[Letter]) -> int:
    return sum(1 + letter.behind for letter in letters)


def _inexact(before: Iterable[Letter], left: Iterable[Letter]) -> list[str]:
    """The projections that folded late what others may have looked for by its content."""
    folded = _parked(before) - _parked(left)
    return [name for name in folded if finds_by_content(PROJECTIONS[name])]


def _parked(letters: Iterable[Letter]) -> Counter[str]:
    """How many events of each projection."""
    found = Counter[str]()
    for letter in letters:
        if letter.kind == "projection" and letter.name in PROJECTIONS:
            found[letter.name] += 1 + letter.behind
    return found
