"""What if: a period folded under another tax, commission or cost basis, beside the books.

Nothing here sends a command or writes anything: events go in, sums come out.
"""

from collections.abc import Iterable

from application.whatif.accounts import Accounts, Line, Report, Sums
from application.whatif.period import Period
from application.whatif.policy import BOOKS, Commission, CostBasis, Policy, Tax
from domain.kernel import Recorded

__all__ = [
    "BOOKS",
    "EVENTS",
    "Accounts",
    "Commission",
    "CostBasis",
    "Line",
    "Period",
    "Policy",
    "Report",
    "Sums",
    "Tax",
    "suppose",
]
EVENTS = Accounts.EVENTS


def suppose(events: Iterable[Recorded], policy: Policy, period: Period) -> Report:
    """``events``: of one tenant, from its first, in the order of their positions."""
    accounts = Accounts(policy, period)
    for recorded in events:
        accounts.follow(recorded)
    return accounts.report()
