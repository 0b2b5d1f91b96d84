"""Every policy and every timer, one line each."""

from application.policies.costing import COSTING
from application.policies.expiry import EXPIRY
from application.policies.kernel import Policy, Timer
from application.policies.offers import NEGOTIATIONS, OFFERS
from application.policies.refunds import REFUNDS
from application.policies.stock import STOCK

POLICIES: dict[str, Policy] = {
    "costing": COSTING,
    "refunds": REFUNDS,
    "stock": STOCK,
}
TIMERS: dict[str, Timer] = {
    "expiry": EXPIRY,
    "negotiations": NEGOTIATIONS,
    "offers": OFFERS,
}
