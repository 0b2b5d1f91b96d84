"""`souk token`."""

from datetime import timedelta
from pathlib import Path

import click

from adapters.tokens import Signer
from domain.permissions import ROLES
from entrypoints.cli.options import data_dir
from entrypoints.instance import find
from entrypoints.seed.goods import TENANT
from entrypoints.settings import Settings


@click.command()
@click.option("--role", type=click.Choice(list(ROLES)), required=True)
@click.option("--tenant", default=TENANT, show_default=True)
@click.option("--user", help="Whom it speaks for. Default: the role's name, which the seed knows.")
@click.option("--ttl", default=12 * 3600, show_default=True, help="Seconds until it expires.")
@data_dir
def token(role: str, tenant: str, user: str | None, ttl: int, directory: Path | None) -> None:
    """Print a bearer token, alone on the last line.

    \b
    Example:
      souk token --role buyer --tenant bazaar --user amina
    """
    click.echo(sign(find(directory), role, tenant, user, ttl))


def sign(
    settings: Settings, role: str, tenant: str, user: str | None = None, ttl: int = 12 * 3600
) -> str:
    """``ttl``: seconds."""
    signer = Signer(settings.signing_key_pem, settings.issuer, settings.audience)
    return signer.sign(user or role, tenant, ROLES[role], [role], timedelta(seconds=ttl))
