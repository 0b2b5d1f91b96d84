"""Lists that are read on from a cursor: what comes meanwhile moves nothing to another page."""

from typing import Annotated

from litestar.params import QueryParameter
from msgspec import Struct

from entrypoints.http.names import END
from entrypoints.http.views import check_limit

FIRST = 2**63 - 1  # before everything


class Slicing(Struct, frozen=True):
    """``before``: the place that the slice begins below; ``limit``: how many items it has."""

    before: int
    limit: int

    @property
    def after(self) -> int:
        """The place that it begins above, where the first comes first."""
        return 0 if self.before == FIRST else self.before


async def slicing(
    cursor: Annotated[
        str | None,
        QueryParameter(pattern=rf"^[0-9]{{1,18}}{END}", description="``next`` of the slice before"),
    ] = None,
    limit: Annotated[int, QueryParameter(ge=10, le=100, description="10, 20, 50 or 100")] = 20,
) -> Slicing:
    check_limit(limit)
    return Slicing(FIRST if cursor is None else int(cursor), limit)
