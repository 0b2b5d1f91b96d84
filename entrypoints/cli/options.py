"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def data_dir(command: Command) -> Command:
    """--data-dir of a command that speaks to an instance; None unless given."""
    option = click.option(
        "--data-dir",
        "directory",
        type=click.Path(path_type=Path, file_okay=False),
        help="Directory of a running `souk up`. Default: the SOUK_…_URL variables, else .souk",
    )
    return option(command)


def tenant(command: Command) -> Command:
    """--tenant of a command that works on one."""
    option = click.option("--tenant", required=True, metavar="NAME", help="Whose data.")
    return option(command)
