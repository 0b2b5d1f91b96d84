"""Failures a user can do something about: one clear line and exit code 2, no traceback."""

from typing import Any

import click

from adapters.embedded.child import Died
from adapters.embedded.home import Half, Held, Unwritable
from adapters.postgres.migrate import UnsafeSetting
from application.ports import Unavailable
from entrypoints.instance import Unknown
from entrypoints.settings import SettingsMissing

EXPECTED = (Unknown, SettingsMissing, Held, Half, Unwritable, Died, UnsafeSetting)


class Refusal(click.ClickException):
    exit_code = 2


class Tidy(click.Group):
    """A group whose commands fail in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EXPECTED as error:
            raise Refusal(str(error)) from error
        except Unavailable as error:
            raise Refusal(f"{error.what} does not answer. Is it running?") from error
