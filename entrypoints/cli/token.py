"""`souk token`."""

import asyncio
from datetime import timedelta
from pathlib import Path

import click

from adapters.postgres.pools import APPEND, AWAY, UNMIGRATED
from adapters.projector.leader import connected
from adapters.tokens.signing import Signer
from domain.permissions import ROLES
from entrypoints.cli.options import NAMED, data_dir
from entrypoints.instance import find
from entrypoints.seed.goods import TENANT
from entrypoints.settings import Settings

LONGEST = 100 * 366 * 24 * 3600  # seconds
PATIENCE = 2.0  # seconds that an instance has to say whether it has the tenant


@click.command()
@click.option("--role", type=click.Choice(list(ROLES)), required=True)
@click.option("--tenant", type=NAMED, default=TENANT, show_default=True)
@click.option(
    "--user",
    type=NAMED,
    help="Whom it speaks for. Default: the role's name, which the seed knows.",
)
@click.option(
    "--ttl",
    type=click.IntRange(1, LONGEST),
    default=12 * 3600,
    show_default=True,
    help="Seconds until it expires.",
)
@data_dir
def token(role: str, tenant: str, user: str | None, ttl: int, directory: Path | None) -> None:
    """Print a bearer token, alone on the last line. A tenant that there is not is told of beside
    it: whoever is to make one needs a token too.

    \b
    Example:
      souk token --role buyer --tenant bazaar --user amina
    """
    settings = find(directory)
    if asyncio.run(_lacks(settings.postgres_url, tenant)):
        click.echo(f"There is no tenant {tenant}; what is sent with this begins it.", err=True)
    click.echo(sign(settings, role, tenant, user, ttl))


def sign(
    settings: Settings, role: str, tenant: str, user: str | None = None, ttl: int = 12 * 3600
) -> str:
    """``ttl``: seconds."""
    signer = Signer(settings.signing_key_pem, settings.issuer, settings.audience)
    return signer.sign(user or role, tenant, ROLES[role], [role], timedelta(seconds=ttl))


async def _lacks(url: str, tenant: str) -> bool:
    """False also while nobody answers."""
    stream = f"{tenant}/tenants/{tenant}"
    try:
        async with connected(url, "souk-token", APPEND, PATIENCE) as db:
            cursor = await db.execute(
                "SELECT FROM log.events WHERE (tenant, stream) = (%s, %s) LIMIT 1", (tenant, stream)
            )
            return await cursor.fetchone() is None
    except (*AWAY, UNMIGRATED):
        return False
