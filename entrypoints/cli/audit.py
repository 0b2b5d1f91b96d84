"""`souk audit log`, `souk audit show`, `souk audit diff`."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from adapters.audit.entries import Entry
from adapters.audit.filters import Filter
from adapters.audit.history import History, opened
from adapters.audit.moments import SPELT, Malformed, Moment, moment, time
from adapters.log.log import PostgresLog
from application.ports import Missing
from entrypoints.cli.entries import FORMATS
from entrypoints.cli.failures import Refusal
from entrypoints.cli.options import data_dir, tenant
from entrypoints.cli.recording import check, record
from entrypoints.instance import find
from entrypoints.settings import Settings

PAGE = 100  # events read at once


def reads(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that reads history."""
    command = click.option("--purpose", metavar="TEXT", help="Why; recorded with it.")(command)
    return tenant(data_dir(command))


@click.group()
def audit() -> None:
    """What happened, when, by whom and from where. Every reading is itself recorded.

    \b
    Example:
      souk audit log --tenant bazaar --context orders
    """


@audit.command()
@reads
@click.option("--recorded-from", metavar="TIME")
@click.option("--recorded-before", metavar="TIME")
@click.option("--position-from", type=click.IntRange(min=0))
@click.option("--position-before", type=click.IntRange(min=0))
@click.option("--stream", metavar="CONTEXT/ID")
@click.option("--context", metavar="WORD")
@click.option("--tag", metavar="TAG")
@click.option("--actor", metavar="USER")
@click.option("--correlation", type=click.UUID)
@click.option("--causation", type=click.UUID, help="The event id of the cause.")
@click.option("--text", metavar="TEXT", help="In what is stored in the clear, in any case.")
@click.option("--oldest-first", is_flag=True)
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("--format", "form", type=click.Choice([*FORMATS]), default="table", show_default=True)
@click.option("--no-changes", is_flag=True, help="Without old and new, which is faster.")
def log(
    tenant: str,
    directory: Path | None,
    purpose: str | None,
    oldest_first: bool,
    limit: int,
    form: str,
    no_changes: bool,
    **filters: Any,
) -> None:
    """The events of a tenant, newest first. Times, of recording, and positions are half-open.

    \b
    Example:
      souk audit log --tenant bazaar --actor amina --format csv > amina.csv
    """
    times = {name: _time(filters[name]) for name in ("recorded_from", "recorded_before")}
    wanted, show = Filter(**(filters | times)), FORMATS[form]()

    async def run(history: History) -> None:
        async for entry in _entries(history, tenant, wanted, limit, oldest_first, not no_changes):
            show.entry(entry)
        show.end()

    asked = {**filters, "oldest_first": oldest_first, "limit": limit}
    _read(directory, tenant, "souk audit log", asked, purpose, run)


async def _entries(
    history: History, tenant: str, wanted: Filter, limit: int, ascending: bool, changes: bool
) -> AsyncIterator[Entry]:
    cursor: int | None = None
    while limit > 0:
        size = min(limit, PAGE)
        page = await history.events(tenant, wanted, cursor, size, ascending, changes)
        for entry in page.items:
            yield entry
        limit, cursor = limit - len(page.items), page.next
        if cursor is None:
            return


@audit.command()
@click.argument("stream", metavar="CONTEXT/ID")
@reads
@click.option("--at", metavar="MOMENT", help=f"{SPELT}. Default: now.")
def show(
    stream: str, tenant: str, directory: Path | None, purpose: str | None, at: str | None
) -> None:
    """The state of an aggregate then, as JSON.

    \b
    Example:
      souk audit show tenants/bazaar --tenant bazaar --at version:1
    """
    context, id = _parts(stream)
    then = _moment(at)

    async def run(history: History) -> None:
        _print(await history.state(tenant, context, id, then))

    asked = {"stream": stream, "at": at}
    _read(directory, tenant, "souk audit show", asked, purpose, run)


@audit.command()
@click.argument("stream", metavar="CONTEXT/ID")
@reads
@click.option("--from", "begin", metavar="MOMENT", required=True, help=f"{SPELT}.")
@click.option("--to", "end", metavar="MOMENT", help="Likewise. Default: now.")
def diff(
    stream: str,
    tenant: str,
    directory: Path | None,
    purpose: str | None,
    begin: str,
    end: str | None,
) -> None:
    """What changed in an aggregate in between, field by field.

    \b
    Example:
      souk audit diff tenants/bazaar --tenant bazaar --from version:0
    """
    context, id = _parts(stream)
    one, other = _moment(begin), _moment(end)

    async def run(history: History) -> None:
        for change in (await history.changes(tenant, context, id, one, other)).changes:
            _print(change)

    asked = {"stream": stream, "from": begin, "to": end}
    _read(directory, tenant, "souk audit diff", asked, purpose, run)


def _parts(stream: str) -> tuple[str, str]:
    context, _, id = stream.partition("/")
    if not (context and id):
        raise Refusal("Name a stream as CONTEXT/ID, such as orders/8d1c…")
    return context, id


def _moment(text: str | None) -> Moment | None:
    try:
        return None if text is None else moment(text)
    except Malformed as error:
        raise Refusal(f"{text}: {error}") from error


def _time(text: str | None) -> datetime | None:
    try:
        return None if text is None else time(text)
    except Malformed as error:
        raise Refusal(f"{text}: write a time as 2026-05-01T00:00:00Z") from error


def _print(document: object) -> None:
    """One JSON document a line."""
    click.echo(msgspec.json.encode(document).decode())


def _read(
    directory: Path | None,
    tenant: str,
    what: str,
    asked: dict[str, Any],
    purpose: str | None,
    run: Callable[[History], Awaitable[None]],
) -> None:
    settings = find(directory)

    async def recorded() -> None:
        async with _history(settings, tenant, what, asked, purpose) as history:
            await run(history)

    try:
        asyncio.run(recorded())
    except Missing as missing:
        raise Refusal(f"There is none: {missing.code}") from missing
    except BrokenPipeError:  # whoever reads has seen enough
        sys.stderr.close()


@asynccontextmanager
async def _history(
    settings: Settings, tenant: str, what: str, asked: dict[str, Any], purpose: str | None
) -> AsyncIterator[History]:
    """Once the reading is recorded."""
    check(purpose)
    url, patience = settings.postgres_url, settings.patience
    async with (
        PostgresLog(url, settings.master_key, patience=patience) as log,
        opened(url, log.keyring, patience, size=1) as history,
    ):
        await record(log, history, tenant, what, asked, purpose)
        yield history
