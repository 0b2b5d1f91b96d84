"""Events of the log as a table, JSON lines or CSV."""

import csv
import sys
from collections.abc import Callable
from typing import Any, Protocol

import click
import msgspec
from msgspec import UNSET
from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.audit.entries import Entry
from application.differences import Change

# What a spreadsheet takes for a formula's beginning, also as wide letters or behind what it drops.
DANGEROUS = (*"=+-@", *"＝＋－＠", "\t", "\r", "\n", "\0")  # noqa: RUF001
COLUMNS = (
    *("position", "recorded_at", "occurred_at", "actor", "channel", "ip", "agent"),
    *("context", "id", "version", "tag", "correlation", "causation", "command_id", "event_id"),
    *("data", "changes"),
)


class Show(Protocol):
    def entry(self, entry: Entry) -> None: ...
    def end(self) -> None: ...


class JsonLines:
    def entry(self, entry: Entry) -> None:
        click.echo(msgspec.json.encode(entry).decode())

    def end(self) -> None: ...


class Csv:
    """Every cell quoted; one that a spreadsheet would carry out begins with an apostrophe."""

    def __init__(self) -> None:
        self._lines = csv.writer(sys.stdout, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        self._lines.writerow(COLUMNS)

    def entry(self, entry: Entry) -> None:
        found = msgspec.to_builtins(entry)
        found |= found["origin"] or {}
        self._lines.writerow([safe(_cell(found.get(name))) for name in COLUMNS])

    def end(self) -> None: ...


def safe(cell: str) -> str:
    """As OWASP has it, against formulas in what others wrote."""
    return f"'{cell}" if cell.startswith(DANGEROUS) else cell


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return str(value)


class Lines:
    """A table, shown at the end."""

    def __init__(self) -> None:
        self._table = Table(show_lines=True)
        for name in ("when", "who", "what"):
            self._table.add_column(name, overflow="fold")

    def entry(self, entry: Entry) -> None:
        origin = entry.origin
        source = "" if origin is None else f"{origin.channel} {origin.ip}".strip()
        place = f"{entry.context}/{entry.id} version {entry.version}"
        changed = [_changed(change) for change in entry.changes or ()]
        self._table.add_row(
            _shown(f"{entry.position}\n{entry.recorded_at:%Y-%m-%d %H:%M:%S}"),
            _shown(f"{entry.actor}\n{source}"),
            _shown("\n".join((entry.tag, place, *changed))),
        )

    def end(self) -> None:
        Console().print(self._table)


def _changed(change: Change) -> str:
    return f"{change.path}: {_value(change.old)} → {_value(change.new)}"


def _value(value: Any) -> str:
    return "none" if value is UNSET else msgspec.json.encode(value).decode()


def _shown(text: str) -> Text:
    """What others wrote neither colours the terminal nor moves its cursor."""
    return Text("".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text))


FORMATS: dict[str, Callable[[], Show]] = {"table": Lines, "jsonl": JsonLines, "csv": Csv}
