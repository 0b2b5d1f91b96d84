"""Failures a user can do something about: one clear line and exit code 2, no traceback."""

import os
from typing import Any

import click

# Where a connection says nothing else: who takes one and never answers is away, too.
PATIENCE = {"PGCONNECT_TIMEOUT": "10"}  # seconds


class Refusal(click.ClickException):
    exit_code = 2


class Nothing(Refusal):
    """A tenant without a history, as one whose name is mistyped."""

    def __init__(self, tenant: str) -> None:
        super().__init__(f"Nothing ever happened in a tenant {tenant}.")


class Tidy(click.Group):
    """A group whose commands fail in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        os.environ.update(PATIENCE | os.environ)
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if (told := _told(error)) is None:
                raise
            raise Refusal(told) from error


def _told(error: Exception) -> str | None:
    """What to tell of it; None: nobody expected it. Imported only now: it takes a while, and
    every process of a Souk starts as a command."""
    from adapters.embedded.child import Died
    from adapters.embedded.home import Half, Held, Unwritable
    from adapters.log.master import Foreign
    from adapters.postgres.migrate import Newer
    from adapters.postgres.pools import complaint
    from adapters.postgres.unsafe import UnsafeSetting
    from application.ports import Unavailable
    from entrypoints.instance import Unknown
    from entrypoints.variables import SettingsMissing

    if isinstance(error, Unavailable):
        return f"{error.what} does not answer. Is it running?"
    if (failed := complaint(error)) is not None:
        return f"postgres: {failed}"
    kinds = (Unknown, SettingsMissing, Held, Half, Unwritable, Died, Foreign, Newer, UnsafeSetting)
    return str(error) if isinstance(error, kinds) else None
