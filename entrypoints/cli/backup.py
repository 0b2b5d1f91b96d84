import click


@click.command(name="backup")
def backup() -> None:
    """x"""
