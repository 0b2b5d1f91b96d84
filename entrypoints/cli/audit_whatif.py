"""`souk audit what-if`: a period under another policy, beside the books; nothing is written."""

import asyncio
import csv
import sys
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import click
import msgspec
from rich.console import Console
from rich.table import Table

from adapters.audit.moments import Malformed, time
from adapters.log.telling import history, told
from application.whatif import EVENTS, Accounts, Line, Period, Policy, Report, Sums
from domain.money import Money, Price
from entrypoints.cli.entries import safe
from entrypoints.cli.expecting import expect
from entrypoints.cli.failures import Refusal
from entrypoints.cli.options import data_dir, tenant
from entrypoints.instance import find

NAME = "souk-what-if"
PARTS = ("revenue", "tax", "commission", "cost", "left", "goods", "margin")
SIDES = ("books", "supposed", "difference")
AMOUNTS = [f"{side}_{part}" for side in SIDES for part in PARTS]
Axis = Literal["recorded", "occurred"]


@click.command("what-if")
@tenant
@click.option(
    "--policy", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True
)
@click.option("--from", "begin", metavar="TIME", help="Default: from the first event.")
@click.option("--to", "end", metavar="TIME", help="Before then. Default: up to the last event.")
@click.option("--axis", type=click.Choice(["recorded", "occurred"]), default="recorded")
@click.option("--format", "form", type=click.Choice(["table", "jsonl", "csv"]), default="table")
@data_dir
def what_if(
    tenant: str,
    path: Path,
    begin: str | None,
    end: str | None,
    axis: Axis,
    form: str,
    directory: Path | None,
) -> None:
    """What each seller would be left with under another tax, commission or cost basis.

    The policy is TOML, any of: [commission] basis_points, and [commission.sellers] NAME = points;
    [tax] basis_points, included; [cost] basis = "average", "last" or "standard".

    \b
    Example:
      souk audit what-if --tenant bazaar --policy new.toml --from 2026-01-01T00:00:00Z
    """
    policy = _policy(path)
    period = Period(_time(begin), _time(end), axis)
    report = asyncio.run(_asked(find(directory).postgres_url, tenant, policy, period))
    {"table": _table, "jsonl": _jsonl, "csv": _csv}[form](report)
    if any(report.unvalued):
        books, supposed = report.unvalued
        click.echo(f"without a cost: {books} by the books, {supposed} as supposed", err=True)


async def _asked(url: str, tenant: str, policy: Policy, period: Period) -> Report:
    await expect(url, tenant)
    accounts = Accounts(policy, period)
    async with told(url, NAME) as db:
        async for recorded in history(db, tenant, EVENTS):
            accounts.follow(recorded)
    return accounts.report()


def _policy(path: Path) -> Policy:
    try:
        return msgspec.convert(tomllib.loads(path.read_text()), Policy)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise Refusal(f"{path} is no policy: {error}") from error


def _time(text: str | None) -> datetime | None:
    try:
        return None if text is None else time(text)
    except Malformed as error:
        raise Refusal(f"{text}: write a time as 2026-05-01T00:00:00Z") from error


def _lines(report: Report) -> Iterator[tuple[Line, dict[str, str]]]:
    """Each with its amounts: sellers, then totals."""
    for line in (*report.lines, *report.totals):
        sides = (line.books, line.supposed, line.difference)
        found = [_amount(sums, part, line.currency) for sums in sides for part in PARTS]
        yield line, dict(zip(AMOUNTS, found, strict=True))


def _amount(sums: Sums, part: str, currency: str) -> str:
    return Price.of(Money(getattr(sums, part), currency)).amount


def _jsonl(report: Report) -> None:
    for line, amounts in _lines(report):
        sides = {side: {part: amounts[f"{side}_{part}"] for part in PARTS} for side in SIDES}
        told = {"seller": line.seller or None, "currency": line.currency, **sides}
        click.echo(msgspec.json.encode(told).decode())


def _csv(report: Report) -> None:
    """The total's seller is empty. Amounts are numbers: a minus is no formula."""
    rows = csv.writer(sys.stdout, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    rows.writerow(["seller", "currency", *AMOUNTS])
    for line, amounts in _lines(report):
        rows.writerow([safe(line.seller), line.currency, *amounts.values()])


def _table(report: Report) -> None:
    table = Table("seller", "", *SIDES)
    for column in table.columns[2:]:
        column.justify = "right"
    for line, amounts in _lines(report):
        for part in PARTS:
            name = f"{line.seller or 'all'}, {line.currency}" if part == PARTS[0] else ""
            table.add_row(name, part, *(amounts[f"{side}_{part}"] for side in SIDES))
        table.add_section()
    Console().print(table)
