"""What the steps of an order are sent."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from domain.orders import MAX_TRACKING
from entrypoints.http.names import Code

Number = Annotated[str, Meta(min_length=1, max_length=MAX_TRACKING, examples=["BR123456789"])]


class Shipping(Struct, forbid_unknown_fields=True):
    """What a parcel goes with. ``tracking``: the carrier's number, which may also come
    later."""

    tracking: Number | None = None


class Tracking(Struct, forbid_unknown_fields=True):
    """The carrier's number of a parcel."""

    tracking: Number


class Cancellation(Struct, forbid_unknown_fields=True):
    """``note``: one's own words, kept sealed."""

    reason: Annotated[Code, Meta(examples=["changed_mind"])]
    note: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None


class Returning(Struct, forbid_unknown_fields=True):
    """Why an order comes back, as a word of one's own choice."""

    reason: Annotated[Code, Meta(examples=["damaged"])]


class Promise(Struct, forbid_unknown_fields=True):
    """The day by which a seller means to deliver."""

    date: Annotated[date, Meta(examples=["2026-05-16"])]
