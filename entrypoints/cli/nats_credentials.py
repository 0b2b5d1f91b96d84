"""`souk nats-credentials`, `souk nats-config`."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import msgspec

from adapters.nats.accounts import DOMAIN, STREAM, configuration
from adapters.nats.issuer import Issuer
from adapters.nats.reader import Reader, subjects
from adapters.nats.servers import servers
from adapters.tokens.signing import Signer
from adapters.tokens.verifying import Claims
from domain.permissions import ROLES
from entrypoints.cli.failures import Refusal
from entrypoints.cli.nats_examples import PYTHON, SHELL
from entrypoints.cli.options import NAMED, data_dir, tenant
from entrypoints.instance import find
from entrypoints.settings import Settings

READS = (*ROLES["auditor"], "products:read_all")  # everything of the tenant, and changes nothing
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600}


def lasting(context: click.Context, option: click.Parameter, value: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", value)
    if not found:
        raise click.BadParameter("must be like 12h or 30d")
    return timedelta(seconds=int(found[1]) * UNITS[found[2]])


@click.command()
@tenant
@click.option("--role", type=click.Choice(list(ROLES)), help="Default: reads all, and no more.")
@click.option("--user", default="machine", show_default=True, type=NAMED, help="Who it is.")
@click.option(
    "--name",
    default="reader",
    show_default=True,
    type=NAMED,
    help="Of this subscriber: two with the same credentials need two names.",
)
@click.option("--lasts", default="30d", show_default=True, callback=lasting, help="12h, 30d, …")
@data_dir
def nats_credentials(
    tenant: str, role: str | None, user: str, name: str, lasts: timedelta, directory: Path | None
) -> None:
    """Print what a machine needs to read a tenant's changes from NATS.

    The JSON goes to standard output, an example for Python and one for the nats command to
    standard error. They hold a bearer token: keep them as you keep a password.

    \b
    Example:
      souk nats-credentials --tenant bazaar --lasts 30d > reader.json
    """
    found = credentials(find(directory), tenant, lasts, user, name, role)
    click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
    click.echo(PYTHON, err=True)
    shown = {**found, "api": f"$JS.{DOMAIN}.API", "subject": found["subjects"][0]}
    click.echo(SHELL.format(**shown), err=True)


def credentials(
    settings: Settings,
    tenant: str,
    lasts: timedelta,
    user: str = "machine",
    name: str = "reader",
    role: str | None = None,
) -> dict[str, Any]:
    """``subjects``: the widest filters that these credentials may read by."""
    until, held = datetime.now(UTC) + lasts, ROLES[role] if role else READS
    signer = Signer(settings.signing_key_pem, settings.issuer, settings.audience)
    reader = Reader(name, signer.sign(user, tenant, held, [role] if role else [], lasts))
    return {
        "url": servers(settings.nats_url)["servers"][0],
        "user": name,
        "password": reader.token,
        "inbox_prefix": reader.inbox,
        "domain": DOMAIN,
        "stream": STREAM,
        "consumer": reader.consumer,
        "subjects": subjects(Claims(user, tenant, int(until.timestamp()), held)),
        "expires_at": until.isoformat(timespec="seconds"),
    }


@click.command()
@data_dir
def nats_config(directory: Path | None) -> None:
    """Print what a NATS server of your own needs in its configuration.

    Add your `listen`, `jetstream` and `tls` to it. It holds the password of SOUK_NATS_URL.

    \b
    Example:
      souk nats-config > souk.conf
    """
    settings = find(directory)
    told = servers(settings.nats_url)
    if not (told.get("user") and told.get("password")):
        raise Refusal("SOUK_NATS_URL names no user and password: nats://souk:…@host:4222.")
    said = configuration(told["user"], told["password"], Issuer(settings.secret).public)
    click.echo(msgspec.json.format(msgspec.json.encode(said)).decode())
