import click


@click.command(name="restore-tenant")
def restore_tenant() -> None:
    """x"""
