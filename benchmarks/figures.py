"""What a run comes to: rows of medians, as a table and as JSON."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

import msgspec
from msgspec import Struct


class Figure(Struct, frozen=True):
    """One row of the table.

    ``reach``: what Souk's figure over the peer's should be, at least for rates and, with
    ``less``, at most for times and memory; None: reported only.
    """

    name: str
    unit: str
    reach: float | None = None
    less: bool = False


class Row(Struct, frozen=True):
    """A row of latest.json. Figures are medians; null: not measured."""

    name: str
    souk: float | None
    peer: float | None
    peer_name: str
    ratio: float | None
    reach: float | None
    holds: bool | None


def row(figure: Figure, souk: Sequence[float], peer: Sequence[float], peer_name: str) -> Row:
    """The medians of the runs, and whether their ratio reaches what it should."""
    ours, theirs = (rounded(median(runs)) if runs else None for runs in (souk, peer))
    ratio = rounded(ours / theirs) if ours is not None and theirs else None
    holds = None
    if ratio is not None and figure.reach is not None:
        holds = ratio <= figure.reach if figure.less else ratio >= figure.reach
    name = f"{figure.name} ({figure.unit})"
    return Row(name, ours, theirs, peer_name, ratio, figure.reach, holds)


def rounded(value: float) -> float:
    """To four digits that mean something."""
    return float(f"{value:.4g}") if value < 10_000 else float(round(value))


def line(row: Row, spread: float | None = None) -> str:
    """``spread``: (largest - smallest) / median of Souk's runs."""
    figures = f"{number(row.souk):>9} {number(row.peer):>9}"
    ratio = f"{number(row.ratio):>7} {number(row.reach):>6}"
    verdict = {True: "holds", False: "SHORT", None: ""}[row.holds]
    noise = "" if spread is None else f"±{spread:.0%}"
    return f"{row.name:<66} {figures} {ratio} {verdict:<5} {noise:>6}  {row.peer_name}"


HEAD = f"{'work':<66} {'souk':>9} {'peer':>9} {'ratio':>7} {'reach':>6} {'':<5} {'spread':>6}  peer"


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def markdown(rows: Iterable[Row]) -> str:
    """The table for a page."""
    lines = [
        "| work | Souk | peer | ratio | reach | holds |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in rows:
        peer = f"{number(one.peer)} {one.peer_name}" if one.peer is not None else ""
        holds = {True: "yes", False: "no", None: ""}[one.holds]
        ratio, reach = (number(x) if x is not None else "" for x in (one.ratio, one.reach))
        lines.append(f"| {one.name} | {number(one.souk)} | {peer} | {ratio} | {reach} | {holds} |")
    return "\n".join(lines)


def save(rows: Iterable[Row], path: Path) -> None:
    """Rows measured now replace those of the same name; the others stay as they were."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {old.name: old for old in load(path)} | {new.name: new for new in rows}
    text = msgspec.json.format(msgspec.json.encode(list(kept.values())), indent=2)
    path.write_bytes(text + b"\n")


def load(path: Path) -> list[Row]:
    return msgspec.json.decode(path.read_bytes(), type=list[Row]) if path.exists() else []
