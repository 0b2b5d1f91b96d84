"""The rules of counted views."""

from hypothesis import given as any_of
from hypothesis import strategies as st

from domain import engagement
from domain.engagement import CountViews, ViewsCounted
from domain.kernel import fold
from tests.support.deciders import given
from tests.support.histories import history, stored


def test_a_batch_of_views_is_counted_as_one_event():
    given(engagement).when(CountViews(7)).then(ViewsCounted(7))


def test_the_same_number_again_is_another_batch():
    given(engagement, ViewsCounted(7)).when(CountViews(7)).then(ViewsCounted(7))


def test_a_batch_without_views_is_rejected():
    given(engagement).when(CountViews(0)).rejected("engagement.nothing_counted")
    given(engagement, ViewsCounted(1)).when(CountViews(-1)).rejected("engagement.nothing_counted")


@any_of(st.lists(st.integers(-3, 10**6).map(CountViews)))
def test_the_total_is_what_all_batches_have_together(batches):
    past = history(engagement, batches)
    assert fold(engagement, past).total == sum(b.count for b in batches if b.count > 0)
    assert stored(engagement, past) == past
