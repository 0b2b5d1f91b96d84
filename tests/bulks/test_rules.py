"""The rules of bulks: every item is dealt with once, in order, and what is undone stops."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import bulks
from domain.bulks import (
    MOST,
    Advance,
    Advanced,
    Bulk,
    Completed,
    Refusal,
    Start,
    Started,
    TakeBack,
    Undone,
)
from domain.kernel import Rejected, fold
from tests.support.deciders import given
from tests.support.histories import history, stored

START = Start("materials", "amina", 3, "d")
refused = st.lists(st.integers(0, 9), max_size=3).map(
    lambda places: tuple(Refusal(place, f"i{place}", "no") for place in places)
)
commands = st.lists(
    st.builds(
        Start,
        st.sampled_from(["materials", "products"]),
        st.sampled_from(["amina", "basma"]),
        st.integers(-1, 9) | st.just(MOST + 1),
        st.sampled_from(["d", "e"]),
        st.none() | st.just("b"),
        st.lists(st.sampled_from("xyz"), max_size=3).map(tuple),
    )
    | st.builds(Advance, st.integers(-1, 10), refused, st.integers(0, 9))
    | st.builds(TakeBack, st.sampled_from(["u", "v"])),
    max_size=12,
)


@for_all(commands)
def test_whatever_is_tried_every_item_is_dealt_with_once(tried):
    past = history(bulks, tried)
    assert stored(bulks, past) == past
    bulk: Bulk = fold(bulks, past)
    steps = [event for event in past if isinstance(event, Advanced)]
    ends = [0, *(step.upto for step in steps)]
    assert ends == sorted(set(ends))
    assert bulk.upto <= bulk.total <= MOST
    assert bulk.applied == sum(step.applied for step in steps) >= 0
    places = [refusal.index for step in steps for refusal in step.refused]
    assert places == sorted(set(places))
    assert bulk.completed == (bulk.exists and bulk.upto == bulk.total)
    assert sum(isinstance(event, Completed) for event in past) == bulk.completed
    assert sum(isinstance(event, Undone) for event in past) <= 1
    assert sum(isinstance(event, Started) for event in past) <= 1


def test_the_last_chunk_completes_it():
    no = (Refusal(2, "z", "no", "why"),)
    given(bulks, *history(bulks, [START, Advance(2, (), 2)])).when(Advance(3, no, 0)).then(
        Advanced(3, 0, no, 0), Completed(2, 1)
    )


def test_a_bulk_of_nothing_is_complete_at_once():
    empty = Start("materials", "amina", 0, "d")
    given(bulks).when(empty).then(Started("materials", "amina", 0, "d", None), Completed(0, 0))


def test_the_same_start_again_is_no_news_and_another_is_refused():
    begun = history(bulks, [START])
    given(bulks, *begun).when(START).then()
    other = Start("materials", "amina", 3, "e")
    given(bulks, *begun).when(other).rejected("bulks.bulk_exists")


def test_what_is_undone_goes_no_further_and_is_undone_once():
    past = history(bulks, [START, Advance(1, (), 1), TakeBack("u")])
    given(bulks, *past).when(Advance(2, (), 1)).rejected("bulks.undone")
    given(bulks, *past).when(TakeBack("v")).rejected("bulks.undone")
    given(bulks, *past).when(TakeBack("u")).then()


@pytest.mark.parametrize("places", [(0,), (2, 1), (1, 1), (3,)])
def test_a_refusal_is_of_this_chunk_and_told_in_order(places):
    told = tuple(Refusal(place, "x", "no") for place in places)
    past = history(bulks, [START, Advance(1, (), 1)])
    with pytest.raises(Rejected, match=r"bulks\.out_of_step"):
        bulks.decide(fold(bulks, past), Advance(3, told, 0))


def test_there_is_nothing_to_do_for_a_bulk_that_is_not_there():
    given(bulks).when(Advance(1, (), 0)).rejected("bulks.unknown_bulk")
    too_many = Start("materials", "amina", MOST + 1, "d")
    given(bulks).when(too_many).rejected("bulks.too_many")
