"""`souk deadletters`."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from adapters.deadletters import parked, retry
from entrypoints import logs
from entrypoints.cli.options import data_dir
from entrypoints.instance import find
from projections import PROJECTIONS


def chosen(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that narrow both commands."""
    names = click.Choice(list(PROJECTIONS))
    command = click.option("--tenant", metavar="NAME", help="Only this tenant's.")(command)
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

    Prints what still fails, and exits with 1 then.

    \b
    Example:
      souk deadletters retry --projection orders
    """
    settings = find(directory)
    logs.configure("critical")  # what fails again is listed below
    url = settings.postgres_url

    async def run() -> tuple[int, list[str]]:
        before = await parked(url, projection, tenant)
        await retry(url, settings.master_key, projection, tenant)
        left = await parked(url, projection, tenant)
        return sum(1 + letter.behind for letter in before), [str(letter) for letter in left]

    events, left = asyncio.run(run())
    for line in left:
        click.echo(line)
    click.echo(f"{events} retried, {len(left) or 'none'} still parked")
    sys.exit(1 if left else 0)
