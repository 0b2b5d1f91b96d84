"""The rules of a tenant's storage, and what no history may break."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import storage
from domain.kernel import fold
from domain.storage import (
    Erase,
    Free,
    Hold,
    ImagesLimited,
    LetGo,
    LimitImages,
    ObjectDropped,
    ObjectErased,
    ObjectGrew,
    ObjectHeld,
    ObjectLetGo,
    QuotaNearlyReached,
    QuotaSet,
    SetQuota,
    SpaceFreed,
    SpaceTaken,
    Take,
)
from tests.support.deciders import given
from tests.support.histories import history, stored

limited = QuotaSet(100)


def test_at_80_percent_it_is_told_once_and_at_100_nothing_more_is_taken():
    given(storage, limited).when(Take(79)).then(SpaceTaken(79))
    past = limited, SpaceTaken(79)
    given(storage, *past).when(Take(1)).then(SpaceTaken(1), QuotaNearlyReached(80, 100))
    past = *past, SpaceTaken(1), QuotaNearlyReached(80, 100)
    given(storage, *past).when(Take(20)).then(SpaceTaken(20))
    given(storage, *past).when(Take(21)).rejected("storage.quota_reached")


def test_after_room_was_made_80_percent_is_told_again():
    past = limited, SpaceTaken(90), QuotaNearlyReached(90, 100), SpaceFreed(60)
    given(storage, *past).when(Take(50)).then(SpaceTaken(50), QuotaNearlyReached(80, 100))


def test_a_lower_quota_loses_nothing_and_takes_nothing_more():
    past = limited, SpaceTaken(50)
    given(storage, *past).when(SetQuota(40)).then(QuotaSet(40), QuotaNearlyReached(50, 40))
    given(storage, *past, QuotaSet(40)).when(Take(1)).rejected("storage.quota_reached")
    given(storage, *past).when(SetQuota(-1)).rejected("storage.quota_negative")
    given(storage, *past).when(SetQuota(100)).then()


def test_images_have_a_limit_and_the_limit_has_one():
    given(storage).when(LimitImages(9)).then(ImagesLimited(9))
    given(storage).when(LimitImages(0)).rejected("storage.limit_out_of_range")


def test_an_object_goes_with_the_last_who_holds_it():
    one = ObjectHeld("x"), ObjectGrew("r1", 10)
    given(storage).when(Hold("x", "r1", 10)).then(*one)
    given(storage, *one).when(Hold("y", "r1", 10)).then(ObjectHeld("y"))
    two = *one, ObjectHeld("y")
    given(storage, *two).when(LetGo("x")).then(ObjectLetGo("x"))
    given(storage, *one).when(LetGo("x")).then(ObjectLetGo("x"), ObjectDropped(10))
    given(storage, *one).when(LetGo("y")).then()


def test_what_is_held_again_is_not_erased():
    dropped = ObjectHeld("x"), ObjectGrew("r1", 10), ObjectLetGo("x"), ObjectDropped(10)
    given(storage, *dropped).when(Erase()).then(ObjectErased())
    again = Hold("y", "r1", 10)
    given(storage, *dropped).when(again).then(ObjectHeld("y"), ObjectGrew("r1", 10))
    given(storage, *dropped, ObjectHeld("y")).when(Erase()).then()


sizes = st.integers(0, 60)
assets = st.sampled_from("xyz")
accounts = st.lists(
    st.builds(SetQuota, st.integers(-1, 100))
    | st.builds(LimitImages, st.integers(0, 9))
    | st.builds(Take, sizes)
    | st.builds(Free, sizes)
)
objects = st.lists(
    st.builds(Hold, assets, st.sampled_from(["source", "r1", "r1-0-0-9-9"]), sizes)
    | st.builds(LetGo, assets)
    | st.builds(Erase)
)


@for_all(accounts)
def test_no_history_takes_more_than_there_was_room_for(commands):
    past = history(storage, commands)
    assert stored(storage, past) == past
    assert fold(storage, past).used >= 0
    for n, event in enumerate(past):
        if isinstance(event, SpaceTaken):
            after = fold(storage, past[: n + 1])
            assert after.used <= after.quota


@for_all(objects)
def test_no_history_drops_what_is_held_or_forgets_what_it_kept(commands):
    past = history(storage, commands)
    state = fold(storage, past)
    assert stored(storage, past) == past
    assert not (state.dropped and state.holders)
    grown = sum(e.size for e in past if isinstance(e, ObjectGrew))
    dropped = sum(e.size for e in past if isinstance(e, ObjectDropped))
    assert state.size == grown - dropped
    assert state.holders or not state.size
