"""Freezes the tags and a payload of each event that is not frozen yet, and the shape of the tables
of each version of a projection.

    python -m tests.architecture.freeze

Writes tags.txt, golden/<tag>.json and shapes.txt; never changes what is there. Commit what it
wrote.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from adapters.log.codec import Codec, events_of, tag_of
from adapters.projector.tables import shape_of
from domain import AGGREGATES
from domain.kernel import Event, Personal
from projections import PROJECTIONS

HERE = Path(__file__).parent
CODEC = Codec.of(AGGREGATES)
TAGS, GOLDEN, SHAPES = HERE / "tags.txt", HERE / "golden", HERE / "shapes.txt"
Shapes = dict[str, tuple[int, str]]  # by projection: its version, and the shape of its tables
SCALARS: dict[Any, Any] = {
    str: "text",
    int: 7,
    float: 1.5,
    bool: True,
    datetime: datetime(2017, 5, 16, 12, 30, tzinfo=UTC),
    date: date(2017, 5, 16),
    Personal: Personal("ada", box="c2VhbGVk", stream="bazaar/orders/1", tag="orders.order_placed"),
}


def event_types() -> dict[str, type[Event]]:
    return {tag_of(kind): kind for module in AGGREGATES.values() for kind in events_of(module)}


def sample(kind: Any) -> Any:
    """A value of that type with every part filled."""
    if kind in SCALARS:
        return SCALARS[kind]
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return sample(next(p for p in parts if p is not NoneType))
    if origin is Literal:
        return parts[0]
    if origin in (tuple, list):
        return origin([sample(parts[0])])
    if origin is dict:
        return {sample(parts[0]): sample(parts[1])}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        return kind(**{name: sample(hints[name]) for name in kind.__struct_fields__})
    if isinstance(kind, type) and issubclass(kind, str):
        return next(iter(kind))
    raise TypeError(f"no sample of {kind}: add one to SCALARS")


def payload(event: Event) -> bytes:
    return CODEC.encode(event, "", lambda sealed, stream, tag: sealed)


def shapes() -> Shapes:
    return {name: (p.VERSION, shape_of(p)) for name, p in PROJECTIONS.items()}


def frozen_shapes() -> Shapes:
    lines = SHAPES.read_text().splitlines() if SHAPES.exists() else []
    return {name: (int(version), shape) for name, version, shape in map(str.split, lines)}


def _freeze_shapes() -> None:
    """Of the same version there is only one."""
    known = frozen_shapes()
    for name, (version, shape) in shapes().items():
        if name not in known or known[name][0] != version:
            known[name] = version, shape
    lines = [f"{name} {version} {shape}\n" for name, (version, shape) in sorted(known.items())]
    SHAPES.write_text("".join(lines))


def main() -> None:
    _freeze_shapes()
    frozen = set(TAGS.read_text().split()) if TAGS.exists() else set()
    GOLDEN.mkdir(exist_ok=True)
    for tag, kind in event_types().items():
        if tag not in frozen:
            (GOLDEN / f"{tag}.json").write_bytes(payload(sample(kind)) + b"\n")
    TAGS.write_text("\n".join(sorted(frozen | set(event_types()))) + "\n")


if __name__ == "__main__":
    main()
