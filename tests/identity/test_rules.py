"""The rules of membership, and what no history may break."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import identity
from domain.identity import (
    AddMember,
    AppointSeller,
    DismissSeller,
    MemberAdded,
    MemberRemoved,
    MemberRestored,
    RemoveMember,
    RestoreMember,
    SellerAppointed,
    SellerDismissed,
)
from domain.kernel import fold
from tests.support.deciders import given
from tests.support.histories import history

added = MemberAdded(None, "buyer")
appointed = SellerAppointed("Tea house", "grossiste")


def test_a_member_is_added_once():
    given(identity).when(AddMember("buyer")).then(added)
    given(identity, added).when(AddMember("buyer")).rejected("identity.member_exists")


def test_a_role_is_one_that_there_is():
    given(identity).when(AddMember("king")).rejected("identity.unknown_role")


def test_only_a_member_sells():
    given(identity).when(AppointSeller("Tea house")).rejected("identity.unknown_member")
    given(identity, added).when(AppointSeller("Tea house", "grossiste")).then(appointed)
    given(identity, added).when(AppointSeller(" ")).rejected("identity.shop_missing")
    given(identity, added).when(AppointSeller("Tea", "baron")).rejected("identity.unknown_tier")


def test_the_same_shop_again_is_no_news():
    given(identity, added, appointed).when(AppointSeller("Tea house", "grossiste")).then()
    given(identity, added, appointed).when(DismissSeller()).then(SellerDismissed(""))
    given(identity, added).when(DismissSeller()).then()


shops = st.sampled_from(["", "Tea", "Rugs"])
commands = st.lists(
    st.builds(AddMember, st.sampled_from(["buyer", "admin", "king"]))
    | st.builds(AppointSeller, shops, st.sampled_from([None, "grossiste", "baron"]))
    | st.builds(DismissSeller)
    | st.builds(RemoveMember)
    | st.builds(RestoreMember)
)


@for_all(commands)
def test_whoever_sells_is_a_member_with_a_shop(commands):
    past = history(identity, commands)
    member = fold(identity, past)
    assert not member.sells or (member.exists and member.shop and not member.removed)
    assert sum(isinstance(event, MemberAdded) for event in past) <= 1


removed, restored = MemberRemoved("left"), MemberRestored()


def test_a_member_is_removed_and_comes_back_once():
    given(identity, added).when(RemoveMember("left")).then(removed)
    given(identity, added, removed).when(RemoveMember("left")).then()
    given(identity, added, removed).when(RestoreMember()).then(restored)
    given(identity, added).when(RestoreMember()).then()
    given(identity).when(RemoveMember()).rejected("identity.unknown_member")


def test_who_sold_is_dismissed_when_they_are_removed_and_comes_back_as_a_buyer():
    gone = SellerDismissed("left"), removed
    given(identity, added, appointed).when(RemoveMember("left")).then(*gone)
    back = fold(identity, [added, appointed, *gone, restored])
    assert (back.sells, back.role, back.removed) == (False, "buyer", False)


def test_who_was_removed_is_nothing_until_they_are_back():
    given(identity, added, removed).when(AppointSeller("Tea")).rejected("identity.removed")
    given(identity, added, removed).when(AddMember("buyer")).rejected("identity.member_exists")
