"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from domain.kernel import NAME

Command = TypeVar("Command", bound=Callable[..., Any])


class Named(click.ParamType):  # type: ignore[type-arg]
    """What a tenant or a person may be called: others are let in nowhere."""

    name = "NAME"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        if not NAME.fullmatch(str(value)):
            self.fail("must be letters, digits, - and _, 64 at the most", param, ctx)
        return str(value)


NAMED = Named()


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
    option = click.option("--tenant", required=True, type=NAMED, help="Whose data.")
    return option(command)
