"""What `souk up` prints once it is ready."""

from pathlib import Path

import click

from entrypoints.cli.token import sign
from entrypoints.seed.goods import TENANT
from entrypoints.settings import Settings

ROLES = ("buyer", "seller", "auditor", "admin")


def welcome(url: str, live: str, settings: Settings, directory: Path) -> None:
    tokens = {role: sign(settings, role, TENANT) for role in ROLES}
    click.echo(f"souk: ready on {url}")
    click.echo(f"  OpenAPI page   {url}/docs")
    click.echo(f"  console        {url}/console")
    click.echo(
        f"  live           {live.replace('http', 'ws', 1)}/api/v1/live ({url}/docs/asyncapi)"
    )
    click.echo(f"  data           {directory}")
    for role, token in tokens.items():
        click.echo(f"  {role:<14} {token}")
    click.echo("  try")
    click.echo(f"  curl -H 'Authorization: Bearer {tokens['buyer']}' {url}/api/v1/catalog/products")
