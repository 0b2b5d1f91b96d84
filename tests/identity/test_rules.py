"""The rules of membership, and what no history may break."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import identity
from domain.identity import (
    AddMember,
    AppointSeller,
    DismissSeller,
    MemberAdded,
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
)


@for_all(commands)
def test_whoever_sells_is_a_member_with_a_shop(commands):
    past = history(identity, commands)
    member = fold(identity, past)
    assert not member.sells or (member.exists and member.shop)
    assert sum(isinstance(event, MemberAdded) for event in past) <= 1
