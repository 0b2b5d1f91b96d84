"""What changed between two JSON documents: one change for each field, and the way back.

A document is taken apart into its leaves, each at a path. So differences can be put on a
document, and two in a row put together, and nothing depends on the order:

    price.minor                     a field of an object
    prices["2026-05"]               a field whose name is no plain word
    lines[product="tea"].quantity   of the things in a list that are told apart by that field
    lines[]                         these things' order, or a whole list of texts or numbers
    points[3].x                     by place, from 0, where nothing tells them apart

An object without fields is a leaf: {} is gone once there is a field in it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType

Document: TypeAlias = Any  # dict, list, str, int, float, bool, None
NAMES = ("id", "product", "seller", "sku", "material", "name", "user")  # what tells things apart
WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
TEXT = r'"(?:[^"\\]|\\.)*"'
PART = re.compile(
    rf"\.?(?P<word>[A-Za-z_]\w*)|\[(?P<place>\d+)\]|\[(?P<field>{TEXT})\]"
    rf"|\[(?P<by>[a-z]+)=(?P<value>{TEXT})\]|(?P<order>\[\])",
    re.ASCII,
)


class Change(Struct, frozen=True):
    """``old`` or ``new`` is left out where there was, or is, no such field."""

    path: str
    old: Any | UnsetType = UNSET
    new: Any | UnsetType = UNSET


class _Thing(NamedTuple):
    """A part of a path: that thing of a list whose field ``by`` is ``value``."""

    by: str
    value: str


def diff(before: Document, after: Document) -> list[Change]:
    """In the order of the older document, then what is new."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    return _told((path, old.get(path, UNSET), new.get(path, UNSET)) for path in {**old, **new})


def compose(first: Iterable[Change], second: Iterable[Change]) -> list[Change]:
    """What both come to, one after the other."""
    begun = {change.path: change for change in first}
    ended = {change.path: change for change in second}
    return _told(
        (
            path,
            begun[path].old if path in begun else ended[path].old,
            ended[path].new if path in ended else begun[path].new,
        )
        for path in {**begun, **ended}
    )


def apply(document: Document, changes: Iterable[Change]) -> Document:
    """The document as it is after the changes."""
    leaves = dict(_leaves(document))
    for change in changes:
        leaves.pop(change.path, None)
        if change.new is not UNSET:
            leaves[change.path] = change.new
    return _rebuilt([(list(_parts(path)), leaf) for path, leaf in leaves.items()])


def _told(found: Iterable[tuple[str, Any, Any]]) -> list[Change]:
    return [Change(path, old, new) for path, old, new in found if not _same(old, new)]


def _same(old: Any, new: Any) -> bool:
    """True is not 1, nor 1 the same as 1.0, also within lists."""
    if old is UNSET or new is UNSET:
        return old is new
    return msgspec.json.encode(old) == msgspec.json.encode(new)


def _leaves(document: Document, path: str = "") -> Iterator[tuple[str, Any]]:
    match document:
        case dict() if document:
            for name, part in document.items():
                yield from _leaves(part, path + _field(name, path))
        case list():
            yield from _things(document, path)
        case _:
            yield path, document


def _things(found: list[Any], path: str) -> Iterator[tuple[str, Any]]:
    if not any(isinstance(part, dict | list) for part in found):
        yield f"{path}[]", found
        return
    by = _told_apart(found)
    if by is None:
        for place, part in enumerate(found):
            yield from _leaves(part, f"{path}[{place}]")
        return
    yield f"{path}[]", [part[by] for part in found]
    for part in found:
        yield from _leaves(part, f"{path}[{by}={_quoted(part[by])}]")


def _told_apart(found: list[Any]) -> str | None:
    """The field that all have and no two have alike."""
    if not all(isinstance(part, dict) for part in found):
        return None
    for name in NAMES:
        values = [part.get(name) for part in found]
        if all(isinstance(value, str) for value in values) and len({*values}) == len(values):
            return name
    return None


def _field(name: str, path: str) -> str:
    if WORD.fullmatch(name):
        return f".{name}" if path else name
    return f"[{_quoted(name)}]"


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _parts(path: str) -> Iterator[str | int | _Thing | None]:
    """None: the order of a list's things."""
    for found in PART.finditer(path):
        match found.groupdict():
            case {"word": str(word)}:
                yield word
            case {"place": str(place)}:
                yield int(place)
            case {"field": str(field)}:
                yield msgspec.json.decode(field)
            case {"by": str(by), "value": str(value)}:
                yield _Thing(by, msgspec.json.decode(value))
            case _:
                yield None


def _rebuilt(leaves: list[tuple[list[Any], Any]]) -> Document:
    """From leaves by the rest of their paths."""
    if len(leaves) == 1 and not leaves[0][0]:
        return leaves[0][1]
    inner: dict[Any, list[tuple[list[Any], Any]]] = {}
    for (head, *rest), leaf in leaves:
        inner.setdefault(head, []).append((rest, leaf))
    if None in inner:
        return _in_order(inner)
    parts = {head: _rebuilt(group) for head, group in inner.items()}
    if all(isinstance(head, int) for head in parts):
        return [parts[place] for place in sorted(parts)]
    return parts


def _in_order(inner: Mapping[Any, list[tuple[list[Any], Any]]]) -> list[Any]:
    ((_, order),) = inner[None]
    things = {head.value: _rebuilt(group) for head, group in inner.items() if head is not None}
    return [things[value] for value in order] if things else list(order)
