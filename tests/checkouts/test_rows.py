"""Rows of checkouts are the fold of their own events, their orders' steps and their payment."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import orders as rules
from domain.checkouts import CheckoutPlaced, OrderShare
from domain.kernel import but
from domain.money import Money
from domain.payments import CheckoutPaid
from projections import checkouts
from projections.checkouts import STATUSES, least
from tests.orders.test_rules import commands, place
from tests.support.histories import history
from tests.support.rows import rows_equal_the_fold

shares = tuple(OrderShare(f"o{n}", f"s{n}", Money(n, "BRL")) for n in (1, 2, 3))
placed = CheckoutPlaced("cart", "ada", "web", shares, Money(6, "BRL"))
tenants = st.sampled_from("AB")
groups = st.tuples(st.builds("{}/checkouts/{}".format, tenants, st.just("c1")), st.just([placed]))
paid = st.tuples(
    st.builds("{}/payments/{}".format, tenants, st.just("c1")), st.just([CheckoutPaid(())])
)
parts = st.tuples(
    st.builds("{}/orders/{}".format, tenants, st.sampled_from(["o1", "o2", "o3", "o4"])),
    commands.map(lambda steps: history(rules, [but(place, checkout="c1"), *steps[:12]])),
)
histories = st.lists(groups | parts | paid, max_size=6, unique_by=lambda pair: pair[0])


def test_checkouts_equal_the_fold_of_their_events(database):
    rows_equal_the_fold(database, checkouts, histories)


@for_all(st.lists(st.sampled_from(STATUSES), min_size=1))
def test_a_group_is_as_advanced_as_its_slowest_order_and_cancelled_only_whole(statuses):
    alive = [status for status in statuses if status != "cancelled"]
    ranks = [STATUSES.index(status) for status in alive]
    assert least(statuses) == (STATUSES[min(ranks)] if alive else "cancelled")
