"""The real slice as of the end of each month, against a plain script over the rows up to then."""

import os
from calendar import monthrange

import pytest

from tests.olist import plain

pytestmark = pytest.mark.timeout(600)
EVERY = "SOUK_OLIST_EVERY_MONTH" in os.environ  # two otherwise


def month_ends(directory):
    """From the first month with an order to the last with one delivered."""
    orders = plain.table(directory, "orders")
    dates = ("order_purchase_timestamp", "order_delivered_customer_date")
    months = sorted({row[date][:7] for row in orders for date in dates if row[date]})
    return [f"{m}-{monthrange(int(m[:4]), int(m[5:]))[1]} 23:59:59" for m in months]


async def test_every_figure_at_the_end_of_a_month_is_what_a_plain_script_counts(imported, real):
    souk, _ = imported
    ends = month_ends(real)
    for end in ends if EVERY else ends[:3:2]:
        moment = f"{end.replace(' ', 'T')}Z"
        answer, cost = await souk.report_as_of(moment, "occurred")
        print(moment, *cost)
        assert answer == plain.report(real, end), end


async def test_an_earlier_month_asked_for_later_is_the_same(imported, real):
    souk, _ = imported
    end = month_ends(real)[1]
    answer, _ = await souk.report_as_of(f"{end.replace(' ', 'T')}Z", "occurred")
    assert answer == plain.report(real, end)
