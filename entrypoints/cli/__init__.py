"""The command line: `souk`."""

import click

from entrypoints.cli.backup import backup
from entrypoints.cli.deadletters import deadletters
from entrypoints.cli.erase import erase, subject
from entrypoints.cli.failures import Tidy
from entrypoints.cli.imports import imports
from entrypoints.cli.media import media
from entrypoints.cli.migrate import migrate
from entrypoints.cli.nats_credentials import nats_config, nats_credentials
from entrypoints.cli.rebuild import rebuild
from entrypoints.cli.report import report
from entrypoints.cli.restore import restore
from entrypoints.cli.restore_tenant import restore_tenant
from entrypoints.cli.revive import revive
from entrypoints.cli.roles import api, live, policies, projector, worker
from entrypoints.cli.token import token
from entrypoints.cli.up import up
from entrypoints.cli.verify import verify


@click.group(cls=Tidy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="souk", message="souk %(version)s")
def main() -> None:
    """A commerce backend in which every change is an event.

    \b
    Example:
      souk up
    """


for command in (
    up,
    api,
    projector,
    policies,
    live,
    worker,
    migrate,
    token,
    imports,
    report,
    verify,
    deadletters,
    rebuild,
    media,
    nats_credentials,
    nats_config,
    erase,
    subject,
    backup,
    restore,
    restore_tenant,
    revive,
):
    main.add_command(command)
