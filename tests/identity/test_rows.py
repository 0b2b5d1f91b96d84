"""Rows of members equal their folds, with the name of the person sealed."""

from hypothesis import strategies as st

from domain.identity import (
    MemberAdded,
    MemberRemoved,
    MemberRestored,
    SellerAppointed,
    SellerDismissed,
)
from domain.kernel import Personal
from projections import identity
from tests.support.rows import rows_equal_the_fold

names = st.none() | st.builds(Personal, st.just("ada"), st.sampled_from(["Ada", "Lina"]))
events = (
    st.builds(MemberAdded, names, st.sampled_from(["buyer", "admin"]))
    | st.builds(SellerAppointed, st.sampled_from(["Tea", "Rugs"]), st.none())
    | st.builds(SellerDismissed, st.just(""))
    | st.just(MemberRemoved(""))
    | st.just(MemberRestored())
)
histories = st.lists(
    st.tuples(
        st.sampled_from(["souk/identity/ada", "bazaar/identity/bo"]), st.lists(events, max_size=5)
    )
)


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, identity, histories)
