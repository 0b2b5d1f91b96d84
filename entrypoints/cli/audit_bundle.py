"""`souk audit export` and `souk audit check`: a history in a file that anyone can check."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from adapters.bundle.check import check as checked
from adapters.bundle.export import Nothing as Empty
from adapters.bundle.export import export as exported
from adapters.bundle.faults import MOST, Report
from adapters.bundle.manifest import Manifest
from adapters.bundle.witnesses import Witness
from adapters.log.log import PostgresLog
from adapters.roots import statement
from adapters.roots.keys import Public
from entrypoints.cli.failures import Nothing, Refusal
from entrypoints.cli.options import data_dir, tenant
from entrypoints.cli.progress import Bar
from entrypoints.cli.recording import write
from entrypoints.instance import find
from entrypoints.settings import Settings

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@tenant
@click.option("--to", "upto", type=click.IntRange(min=1), help="A position. Default: all.")
@click.option("--purpose", metavar="TEXT", help="Why; recorded with it.")
@data_dir
def export(
    out: Path, tenant: str, upto: int | None, purpose: str | None, directory: Path | None
) -> None:
    """Write a tenant's history into a file that `souk audit check` needs nothing but.

    Its events, the roots that were published of it, the public keys of those, and the figures that
    are shown of it. Personal data stays sealed.

    \b
    Example:
      souk audit export --tenant bazaar bazaar.zip
    """
    settings = find(directory)
    asked = {"out": out.name, "to": upto}

    async def run(bar: Bar) -> Manifest:
        said = await exported(settings.postgres_url, tenant, out, upto, bar)
        await _record(settings, tenant, asked, purpose)
        return said

    try:
        if out.exists():
            raise Refusal(f"{out} is there already.")
        with Bar("events") as bar:
            said = asyncio.run(run(bar))
    except Empty:
        raise Nothing(tenant) from None
    except OSError as error:
        raise Refusal(f"{out} cannot be written: {error.strerror}") from error
    events, roots = (said.files[name].lines for name in ("events.jsonl", "roots.jsonl"))
    click.echo(f"{out}: {events} events up to position {said.last}, {roots} roots")


async def _record(
    settings: Settings, tenant: str, asked: dict[str, Any], purpose: str | None
) -> None:
    """Whoever has a bundle has read all of it."""
    async with PostgresLog(settings.postgres_url, settings.master_key) as log:
        await write(log, tenant, "souk audit export", asked, purpose)


@click.command()
@click.argument("bundle", type=FILE)
@click.option("--key", "keys", type=FILE, multiple=True, help="A public key, PEM, that you trust.")
@click.option("--root", "roots", type=FILE, multiple=True, help="A root that you kept, JSON.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def check(bundle: Path, keys: tuple[Path, ...], roots: tuple[Path, ...], as_json: bool) -> None:
    """Check a bundle, without any server: its chain, roots and signatures, versions and figures.

    Prints each fault and where it is; exits with 1 if there is any. What roots prove depends on
    who kept them: bring your own by --root, and the key that must have signed them by --key.

    \b
    Example:
      souk audit check bazaar.zip --key souk-roots.pem --root kept/1200.json
    """
    trusted = [_key(path) for path in keys]
    kept = [_root(path) for path in roots]
    with Bar("events") as bar:
        report = checked(bundle, bar, trusted, kept)
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        _show(report, bool(keys), bool(roots))
    sys.exit(0 if report.whole else 1)


def _key(path: Path) -> Public:
    try:
        return Public.of_pem(path.read_bytes())
    except ValueError as error:
        raise Refusal(f"{path} is no public Ed25519 key in PEM: {error}") from error


def _root(path: Path) -> Witness:
    try:
        return Witness(statement.read(path.read_bytes()), str(path))
    except (msgspec.MsgspecError, ValueError) as error:
        raise Refusal(f"{path} is no root: {error}") from error


def _show(report: Report, trusted: bool, kept: bool) -> None:
    for fault in report.found:
        click.echo(str(fault))
    if report.faults > MOST:
        click.echo(f"… and {report.faults - MOST} more")
    said = [
        f"{report.faults or 'no'} fault{'' if report.faults == 1 else 's'}",
        f"{report.events} events of {report.tenant or '?'} up to position {report.last}",
        f"under roots up to position {report.covered}" if report.covered else "under no root",
        f"{report.streams} streams",
        f"{report.roots} roots",
        f"{report.kept} kept roots",
        f"{report.signed} of them signed",
        f"{report.figures} figures",
    ]
    click.echo(", ".join(said))
    whose = "which you brought" if trusted else "which came with the bundle and proves nothing"
    for key in report.keys:
        click.echo(f"signed by {key}, {whose}")
    click.echo(_proof(report, trusted or kept))


def _proof(report: Report, brought: bool) -> str:
    if not brought:
        agrees = " it agrees with itself, as it would if all of it had been made anew."
        return (
            f"Nothing of it is proven{'.' if report.faults else ':' + agrees}"
            " Bring a key (--key) or roots (--root) that you have from elsewhere."
        )
    if report.proven < report.last:
        return (
            f"Proven up to position {report.proven} by what you brought; what comes after it is as"
            " good as whoever wrote the bundle."
        )
    return f"Proven up to its last event, at position {report.proven}, by what you brought."
