"""What names and texts from outside look like."""

from datetime import UTC, datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec
from litestar.params import PathParameter, QueryParameter
from msgspec import Meta

from domain.money import Money, Price, parse
from entrypoints.http.problems import Problem

END = r"$(?!\n)"  # a bare $ lets a last line break pass
NAME = rf"^[A-Za-z0-9_-]{{1,64}}{END}"
Name: TypeAlias = Annotated[str, Meta(pattern=NAME, description="letters, digits, - and _")]
Line: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
Short: TypeAlias = Annotated[str, Meta(max_length=200)]
Text: TypeAlias = Annotated[str, Meta(max_length=10_000)]
Code: TypeAlias = Annotated[str, Meta(pattern=rf"^[a-z_]{{1,40}}{END}", description="a-z and _")]
NamedInPath: TypeAlias = Annotated[str, PathParameter(pattern=NAME)]
# As text: the library takes a number, or digits, for the seconds since 1970.
_DATED = {"format": "date-time"}
Time: TypeAlias = Annotated[str, Meta(extra_json_schema={"extra": _DATED})]
TimeInQuery: TypeAlias = Annotated[str | None, QueryParameter(schema_extra=_DATED)]
SPELT = "write a time of the years 1 to 9999 as 2026-05-01T00:00:00Z"


def money(price: Price | None) -> Money | None:
    """The amount of a price from outside, if there is one. Rejects as ``domain.money.parse``."""
    return None if price is None else parse(price)


def text(id: UUID | None) -> str | None:
    """An id as the log writes it."""
    return None if id is None else str(id)


def utc(time: str | None) -> datetime | None:
    """As ``in_utc``, where there is one."""
    return None if time is None else in_utc(time)


def in_utc(time: str, zoned: bool = False) -> datetime:
    """A time that names no zone is UTC, unless it must be ``zoned``; one of any other is told in
    UTC, for Postgres takes none that is 16 hours off. Raises Problem 400, also for what is of no
    year in UTC."""
    try:
        when = msgspec.convert(time, datetime)
        if when.tzinfo is not None:
            return when.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        raise Problem(400, "malformed", SPELT) from None
    if zoned:
        raise Problem(400, "malformed", f"{SPELT}, with its zone")
    return when.replace(tzinfo=UTC)
