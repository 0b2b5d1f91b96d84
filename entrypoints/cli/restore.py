import click


@click.command(name="restore")
def restore() -> None:
    """x"""
