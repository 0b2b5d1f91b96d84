"""The fields that request bodies are made of: every one bounded, none with a NUL."""

from datetime import datetime
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from domain.money import Money, Price, parse

_NO_NUL = r"^[^\x00]*$"

Name: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$", examples=["amina"])]
Line: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200, pattern=_NO_NUL)]
Word: TypeAlias = Annotated[str, Meta(max_length=200, pattern=_NO_NUL)]
Text: TypeAlias = Annotated[str, Meta(max_length=10_000, pattern=_NO_NUL)]
Code: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z_]{1,40}$")]
Quantity: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Whole: TypeAlias = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Delta: TypeAlias = Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000)]
Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]


class Amount(Struct, frozen=True, forbid_unknown_fields=True):
    """Money as it is sent: a decimal string and an ISO 4217 code."""

    amount: Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]{0,15})(\.[0-9]{1,4})?$")]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]

    @property
    def money(self) -> Money:
        """Raises Rejected ``money.malformed``."""
        return parse(Price(self.amount, self.currency))


class Body(Struct, frozen=True, forbid_unknown_fields=True):
    """A request body. An unknown field is a mistake that would otherwise pass in silence."""
