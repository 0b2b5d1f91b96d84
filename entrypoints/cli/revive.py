"""`souk revive`."""

import asyncio
from pathlib import Path

import click

from adapters.erasing.receipts import Forged
from entrypoints import logs
from entrypoints.cli.failures import Refusal
from entrypoints.cli.restore import FOLDER, tell
from entrypoints.reviving import NoBucket, go_on
from entrypoints.settings import from_env


@click.command()
@click.option("--receipts", type=FOLDER, help="Of erasures. Default: those in the bucket.")
def revive(receipts: Path | None) -> None:
    """After servers of your own were restored, and before anything of Souk runs on them again.

    Goes on from a position that nobody has seen, erases once more who was erased since, and
    verifies all of it; the SOUK_…_URL variables say where. Ends with 1 if anything differs.

    \b
    Example:
      souk revive
    """
    logs.configure("critical")
    settings = from_env()
    if receipts and not settings.receipts:
        raise Refusal("--receipts goes with SOUK_RECEIPTS, the directory that they are to lie in.")
    try:
        tell(asyncio.run(go_on(settings, receipts)))
    except (Forged, NoBucket) as refused:
        raise Refusal(str(refused)) from refused
