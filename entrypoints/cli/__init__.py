"""The command line: `souk`."""

import asyncio
from importlib import import_module

import click
import uvloop

from entrypoints.cli.failures import Tidy
from entrypoints.cli.starting import kept

# Where each is. It is imported when it is called: every process of a Souk starts here, and needs
# but one of them.
COMMANDS = {
    "up": "up",
    "api": "roles",
    "projector": "roles",
    "policies": "roles",
    "live": "roles",
    "worker": "roles",
    "migrate": "migrate",
    "token": "token",
    "import": "imports",
    "report": "report",
    "verify": "verify",
    "audit": "auditing",
    "erase": "erase",
    "subject": "erase",
    "backup": "backup",
    "restore": "restore",
    "restore-tenant": "restore_tenant",
    "revive": "revive",
    "deadletters": "deadletters",
    "rebuild": "rebuild",
    "media": "media",
    "purge": "purge",
    "nats-credentials": "nats_credentials",
    "nats-config": "nats_credentials",
}


class Commands(Tidy):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if (place := COMMANDS.get(name)) is None:
            return None
        with kept():
            module = import_module(f"entrypoints.cli.{place}")
        found = (each for each in vars(module).values() if isinstance(each, click.Command))
        return next(each for each in found if each.name == name)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="souk", message="souk %(version)s")
def main() -> None:
    """A commerce backend in which every change is an event.

    \b
    Example:
      souk up
    """
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
