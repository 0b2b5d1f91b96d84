"""What a list of products is narrowed to besides its columns."""

from typing import Annotated, Any, TypeAlias

from litestar import Request
from litestar.params import QueryParameter

from domain.catalog import FIELD, MOST_FIELDS
from entrypoints.http.problems import Problem

PREFIX = "field."
Fields: TypeAlias = dict[str, str]
Category: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        max_length=200, description="the text, or the id or slug of a category with all below it"
    ),
]


def having(request: Request[Any, Any, Any]) -> Fields:
    """Of a query like ``field.colour=red&field.organic=true``, by name. Raises Problem.

    It is not called as a part of a body is: what is wrong with that would be taken for its own."""
    found: Fields = {}
    for asked, value in request.query_params.multi_items():
        if not asked.startswith(PREFIX):
            continue
        name = asked.removeprefix(PREFIX)
        if not FIELD.fullmatch(name) or name in found or "\0" in value:
            raise Problem(400, "malformed", "field.<name>=<value>, each name once")
        found[name] = value
    if len(found) > MOST_FIELDS:
        raise Problem(400, "malformed", f"at most {MOST_FIELDS} fields")
    return found
