"""The CSV files as rows; what cannot be read is reported with file and line, and left out."""

import csv
import gzip
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from msgspec import Struct

# Each file by the name in a slice, then by the name it was published under.
NAMES = {
    "orders": "olist_orders_dataset",
    "order_items": "olist_order_items_dataset",
    "payments": "olist_order_payments_dataset",
    "customers": "olist_customers_dataset",
    "products": "olist_products_dataset",
    "sellers": "olist_sellers_dataset",
    "category_translation": "product_category_name_translation",
}

MAX_BREAKS = 20  # line breaks in one row


class Problem(Struct, frozen=True):
    """A row that was left out, or taken with something missing; ``line`` counts from 1."""

    file: str
    line: int
    what: str
    skipped: bool = True

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}{', skipped' if self.skipped else ''}"


Report = Callable[[Problem], None]


class Damaged(Exception):
    """A row cannot be used; the text says why."""


class Unreadable(Exception):
    """A file that the import cannot do without is missing, or is another file."""


class Line(Struct, frozen=True):
    file: str
    number: int
    cells: dict[str, str]

    def problem(self, what: str, skipped: bool = True) -> Problem:
        return Problem(self.file, self.number, what, skipped)


def find(directory: Path, table: str) -> Path | None:
    for stem in (table, NAMES[table]):
        for end in (".csv", ".csv.gz"):
            if (path := directory / f"{stem}{end}").is_file():
                return path
    return None


def lines(directory: Path, table: str, columns: tuple[str, ...], report: Report) -> Iterator[Line]:
    """The table's rows that have as many cells as its header. Raises Unreadable."""
    path = find(directory, table)
    if path is None:
        raise Unreadable(f"{directory} has no {table}.csv, gzipped or not")
    with _opened(path) as stream:
        texts = _texts(stream, path.name, report)
        _, first = next(texts, (1, ""))
        header = _cells(first.removeprefix("\ufeff"))
        if missing := [name for name in columns if name not in (header or [])]:
            raise Unreadable(f"{path.name}:1: no column {', '.join(missing)}")
        yield from _rows(path.name, header or [], texts, report)


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path) if path.suffix == ".gz" else path.open("rb"))


def _texts(stream: BinaryIO, file: str, report: Report) -> Iterator[tuple[int, str]]:
    """Numbered lines; what is no UTF-8, or no longer gzip, is reported."""
    number = 0
    try:
        for number, line in enumerate(stream, start=1):
            try:
                yield number, line.decode().rstrip("\r\n")
            except UnicodeDecodeError:
                report(Problem(file, number, "not UTF-8"))
    except (EOFError, OSError, zlib.error) as error:
        report(Problem(file, number + 1, f"cannot be read from here on ({error})"))


def _rows(
    file: str, header: list[str], texts: Iterator[tuple[int, str]], report: Report
) -> Iterator[Line]:
    ahead: deque[tuple[int, str]] = deque()
    while (found := ahead.popleft() if ahead else next(texts, None)) is not None:
        number, text = found
        if not text.strip():
            continue
        cells = _cells(text)
        if cells is None:
            cells = _broken_over_lines(text, len(header), ahead, texts)
        if cells is None or len(cells) != len(header):
            what = "broken quotes" if cells is None else f"{len(cells)} cells"
            report(Problem(file, number, f"{what}, the header has {len(header)}"))
        else:
            yield Line(file, number, dict(zip(header, cells, strict=True)))


def _broken_over_lines(
    text: str, width: int, ahead: deque[tuple[int, str]], texts: Iterator[tuple[int, str]]
) -> list[str] | None:
    """A row whose quoted cells have line breaks; None, and nothing is used up of ``ahead``, if
    it comes to none: a stray quote must not swallow the rows behind it."""
    for taken in range(1, MAX_BREAKS + 1):
        if len(ahead) < taken:
            if (more := next(texts, None)) is None:
                return None
            ahead.append(more)
        text += "\n" + ahead[taken - 1][1]
        if (cells := _cells(text)) is not None and len(cells) == width:
            for _ in range(taken):
                ahead.popleft()
            return cells
    return None


def _cells(text: str) -> list[str] | None:
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        return None
