"""Rows of usage and of dropped objects equal their folds."""

from hypothesis import strategies as st

from domain import storage
from projections import storage as projection
from tests.storage.test_rules import accounts, objects
from tests.support.histories import history
from tests.support.rows import rows_equal_the_fold

told = st.tuples(
    st.sampled_from(["souk/storage/usage", "bazaar/storage/usage"]),
    accounts.map(lambda commands: history(storage, commands)),
)
kept = st.tuples(
    st.sampled_from(["souk/storage/a", "bazaar/storage/a"]),
    objects.map(lambda commands: history(storage, commands)),
)
histories = st.lists(told | kept, max_size=4, unique_by=lambda stream: stream[0])


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, projection, histories)
