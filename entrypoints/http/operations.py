"""Operations of a bulk as they are sent, made into its items."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID, uuid5

from msgspec import UNSET, Struct

from application.bulks import Item, check_size
from application.bulks.items import Op
from domain.kernel import Rejected


def items(
    id: str,
    operations: Sequence[Any],
    what: Callable[[Any], Any],
) -> tuple[Item, ...]:
    """``id``: of the bulk. ``what``: what an operation means to its kind; it may reject it.
    Raises Rejected ``bulks.too_many``."""
    check_size(len(operations))
    return tuple(_item(UUID(id), place, one, what) for place, one in enumerate(operations))


def _item(bulk: UUID, place: int, operation: Any, what: Callable[[Any], Any]) -> Item:
    op: Op = operation.__struct_config__.tag
    id = str(uuid5(bulk, str(place)) if op == "create" else operation.id)
    try:
        return Item(id, op, what(operation))
    except Rejected as no:
        return Item(id, op, wrong=(no.code, no.detail))


def each(ids: Sequence[str], op: Op, what: Any) -> tuple[Item, ...]:
    """The same to all of them. Raises Rejected ``bulks.too_many``."""
    check_size(len(ids))
    return tuple(Item(id, op, what) for id in ids)


def given(change: Struct, names: Iterable[str]) -> dict[str, Any]:
    """Those fields that were sent."""
    return {n: value for n in names if (value := getattr(change, n)) is not UNSET}


def texts(ids: Iterable[UUID] | None) -> list[str] | None:
    return None if ids is None else [str(id) for id in ids]
