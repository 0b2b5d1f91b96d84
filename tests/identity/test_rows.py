"""Rows of members equal their folds, with the name of the person sealed."""

from datetime import UTC, datetime

import msgspec
from hypothesis import strategies as st

from domain.identity import (
    MemberAdded,
    MemberRemoved,
    MemberRestored,
    SellerAppointed,
    SellerDismissed,
)
from domain.kernel import Personal, but
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


def test_who_is_removed_has_no_role_until_they_are_back():
    """By which the live gateway goes, too."""
    member = identity.Member("ada", 1, "admin", False, "", None, datetime(2024, 5, 16, tzinfo=UTC))
    for removed, role in ((False, "admin"), (True, "")):
        document = msgspec.json.encode(but(member, removed=removed))
        assert identity.role_of(document) == role
