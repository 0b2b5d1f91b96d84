"""What holds of whatever can be deleted, in any order of deleting, restoring and purging."""

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from domain.kernel import Rejected, fold
from tests.bin.things import DELETABLE, NAMES
from tests.support.histories import history, stored

every = pytest.mark.parametrize("thing", DELETABLE, ids=NAMES)


def orders_of(thing):
    return st.lists(
        st.sampled_from((thing.goes, thing.back, thing.purge, *thing.changes)), max_size=8
    )


@every
@settings(max_examples=60)
@for_all(st.data())
def test_in_any_order_a_thing_is_where_its_last_step_left_it(thing, data):
    """Told by the simplest of models: there, in the bin, or gone for good."""
    commands = data.draw(orders_of(thing))
    past, at = history(thing.rules, [thing.begins]), "there"
    for command in commands:
        if command == thing.purge and at == "there":
            with pytest.raises(Rejected, match="not_"):
                thing.rules.decide(fold(thing.rules, past), command)
        past = history(thing.rules, [command], past)
        if command == thing.goes and at == "there":
            at = "bin"
        elif command == thing.back and at == "bin":
            at = "there"
        elif command == thing.purge and at == "bin":
            at = "purged"
        state = fold(thing.rules, past)
        assert (thing.gone(state), thing.purged(state)) == (at != "there", at == "purged")
    assert stored(thing.rules, past) == past


@every
@settings(max_examples=30)
@for_all(st.data())
def test_what_is_purged_does_not_come_back_whatever_is_tried(thing, data):
    before = [thing.begins, *data.draw(orders_of(thing)), thing.goes, thing.purge]
    past = history(thing.rules, before)
    state = fold(thing.rules, past)
    assert thing.purged(state)
    code = f"{NAMES[DELETABLE.index(thing)]}.purged"
    with pytest.raises(Rejected) as refusal:
        thing.rules.decide(state, thing.back)
    assert refusal.value.code == code
    after = history(thing.rules, data.draw(orders_of(thing)), past)
    assert thing.purged(fold(thing.rules, after))


@every
@settings(max_examples=30)
@for_all(st.data())
def test_deleting_and_restoring_changes_nothing_else(thing, data):
    past = history(thing.rules, [thing.begins, *data.draw(orders_of(thing))])
    state = fold(thing.rules, past)
    if thing.gone(state):
        return
    there_and_back = history(thing.rules, [thing.goes, thing.back], past)
    assert len(there_and_back) == len(past) + 2
    assert fold(thing.rules, there_and_back) == state


@every
@settings(max_examples=30)
@for_all(st.data())
def test_each_of_them_twice_is_no_news_the_second_time(thing, data):
    past = history(thing.rules, [thing.begins, *data.draw(orders_of(thing))])
    for command in (thing.goes, thing.purge):
        past = history(thing.rules, [command], past)
        if not thing.purged(fold(thing.rules, past)) or command == thing.purge:
            assert history(thing.rules, [command], past) == past
