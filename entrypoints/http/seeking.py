"""What a list of orders is narrowed to, for whom."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal, TypeAlias

from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct

from adapters.log.keyring import Keyring
from application.ports import Forbidden
from domain.kernel import but
from domain.orders import CHANNELS, STATUSES, digits
from entrypoints.http.names import TimeInQuery, utc
from entrypoints.http.problems import Problem
from entrypoints.http.views import MOST, View
from entrypoints.wiring import Souk
from projections import orders

MALFORMED = "orders.unknown_status orders.unknown_channel"
Party: TypeAlias = Literal["buyer", "seller", "tenant"]
WHOSE = "those that the caller bought (the default) or sold, or, for staff, all of the tenant"
PHONE = "orders placed with this number; for who may see their personal part"


class Sought(Struct, frozen=True):
    """``opened``: who asks may see what is personal in the orders found."""

    filter: orders.Filter
    opened: bool


async def sought(
    view: NamedDependency[View],
    souk: NamedDependency[Souk],
    party: Annotated[Party, QueryParameter(name="as", description=WHOSE)] = "buyer",
    status: Annotated[str | None, QueryParameter(enum=list(STATUSES))] = None,
    channel: Annotated[str | None, QueryParameter(enum=list(CHANNELS))] = None,
    number: Annotated[int | None, QueryParameter(ge=1, le=MOST)] = None,
    phone: Annotated[str | None, QueryParameter(max_length=50, description=PHONE)] = None,
    placed_from: TimeInQuery = None,
    placed_before: TimeInQuery = None,
    expected_from: FromQuery[date | None] = None,
    expected_before: FromQuery[date | None] = None,
    archived: FromQuery[bool] = False,
) -> Sought:
    """Times and days are half-open. What its seller has archived stays on its buyer's list. Raises
    Forbidden, Problem 400 for a word nobody knows."""
    caller, opened = view.caller, party != "tenant" or view.caller.manages("orders")
    if not (opened or (caller.sees_all("orders") and phone is None)):
        raise Forbidden("forbidden")
    wanted = orders.Filter(
        buyer=caller.user if party == "buyer" else None,
        seller=caller.user if party == "seller" else None,
        status=_known("status", status, STATUSES),
        channel=_known("channel", channel, CHANNELS),
        archived=None if party == "buyer" else archived,
        number=number,
        placed_from=utc(placed_from),
        placed_before=utc(placed_before),
        expected_from=expected_from,
        expected_before=expected_before,
    )
    if phone is not None:
        wanted = await _ordered_with(phone, wanted, view, souk.keyring)
    return Sought(wanted, opened)


def _known(what: str, word: str | None, words: Iterable[str]) -> str | None:
    if word is not None and word not in words:
        raise Problem(400, f"orders.unknown_{what}", f"one of {', '.join(words)}")
    return word


async def _ordered_with(
    phone: str, wanted: orders.Filter, view: View, keyring: Keyring
) -> orders.Filter:
    """Rows hold a keyed hash of the number; the orders of who is erased are not found by it."""
    if not (number := digits(phone)):
        raise Problem(400, "malformed", "phone: it has no digits")
    hashed = await keyring.hashed(view.caller.tenant, number)
    buyers = await orders.buyers(view.db, hashed)
    living = await keyring.living(view.caller.tenant, buyers)
    return but(wanted, customer_phone=hashed, buyers=living)
