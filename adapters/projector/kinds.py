"""Which events a projection folds."""

from domain.kernel import Event
from projections.kernel import Projection


def is_logged(kind: type[Event]) -> bool:
    """What a table emits for the tables after it has no tag, since it is never stored."""
    return kind.__struct_config__.tag is not None


def logged_types(projection: Projection) -> set[type[Event]]:
    kinds = {kind for table in projection.TABLES for kind in (*table.on, *table.related)}
    return {kind for kind in kinds if is_logged(kind)}
