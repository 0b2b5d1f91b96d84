"""What a caller hears of its append."""

import psycopg

from adapters.log.requests import Request
from application.ports import Appended
from domain.kernel import Rejected

Outcome = Appended | BaseException


def tell(request: Request, outcome: Outcome) -> None:
    if request.landing and isinstance(outcome, BaseException):
        request.landing.landed = False  # for all that is known; also when its caller hung up
    if request.done.done():
        return
    if isinstance(outcome, StopIteration):  # no future takes it
        outcome = RuntimeError("an answer raised StopIteration")
    if isinstance(outcome, BaseException):
        request.done.set_exception(outcome)
        request.done.exception()  # a caller that hung up will not ask
    else:
        request.done.set_result(outcome)


def blame(error: Exception) -> Exception:
    """What a sender hears whose append the server refused."""
    if isinstance(error, psycopg.DataError):
        refusal = Rejected("log.unstorable", str(error).splitlines()[0])
        refusal.__cause__ = error
        return refusal
    return error
