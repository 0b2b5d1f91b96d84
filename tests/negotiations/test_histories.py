"""What no history of a negotiation may break."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import negotiations
from domain.kernel import but, fold
from domain.negotiations import (
    LARGEST,
    LONGEST_NOTE,
    MOST_TURNS,
    SIDES,
    Accept,
    Counter,
    Decline,
    Expire,
    OfferResponded,
    ResponseAccepted,
    ResponseCountered,
    ResponseDeclined,
    ResponseExpired,
    ResponseWithdrawn,
    Withdraw,
)
from tests.negotiations.test_rules import NOW, OTHER, note, proposal, respond
from tests.support.histories import history, stored

ENDS = (ResponseAccepted, ResponseDeclined, ResponseWithdrawn, ResponseExpired)
proposals = st.builds(
    proposal,
    st.integers(0, 3),
    st.integers(900, 903),
    st.sampled_from(["DZD", "DZD", "DZD", "EUR"]),
)
times = st.integers(-1, 4).map(lambda days: NOW + timedelta(days=days))
either = st.sampled_from(SIDES)
notes = st.none() | st.sampled_from(["Please", "x" * (LONGEST_NOTE + 1)]).map(note)
responding = st.builds(
    lambda proposal, until, note, buyer: but(
        respond, proposal=proposal, until=until, note=note, buyer=buyer
    ),
    proposals,
    times,
    notes,
    st.sampled_from(["farid", "farid", "imen"]),
)
countering = st.builds(Counter, either, proposals, times, notes)
command = (
    responding
    | countering
    | countering
    | countering
    | st.builds(Accept, either, st.sampled_from(["o1", "o2"]), times)
    | st.builds(Decline, either, notes)
    | st.builds(Withdraw, notes)
    | st.builds(Expire, times)
)
commands = st.lists(command, max_size=14)
begun = st.sampled_from([[], [respond]])


@for_all(begun, commands)
def test_any_history_can_be_stored_takes_turns_and_ends_once(begun, commands):
    past = history(negotiations, [*begun, *commands])
    state, kinds = fold(negotiations, past), [type(event) for event in past]

    assert stored(negotiations, past) == past
    assert kinds.count(OfferResponded) == kinds[:1].count(OfferResponded) == (1 if past else 0)
    proposed = [e for e in past if isinstance(e, OfferResponded | ResponseCountered)]
    by = [getattr(event, "by", "buyer") for event in proposed]
    assert by == ["buyer", "seller"] * (len(by) // 2) + ["buyer"] * (len(by) % 2)
    assert state.turns == len(proposed) <= MOST_TURNS
    assert len({event.proposal.unit_price.currency for event in proposed}) <= 1
    assert all(1 <= event.proposal.quantity <= LARGEST for event in proposed)
    assert all(one.proposal != two.proposal for one, two in pairwise(proposed))
    ends = [kind for kind in kinds if kind in ENDS]
    assert kinds[len(proposed) :] == ends
    assert len(ends) <= 1
    for event in past[len(proposed) :]:
        if isinstance(event, ResponseAccepted):
            assert event.by == OTHER[by[-1]]
            assert state.proposal == proposed[-1].proposal


@for_all(commands)
def test_in_any_history_nothing_is_accepted_late_and_nothing_expires_early(commands):
    past = []
    for command in [respond, *commands]:
        before = fold(negotiations, past)
        past, known = history(negotiations, [command], past), len(past)
        for event in past[known:]:
            if isinstance(event, ResponseAccepted):
                assert command.now < before.until
            if isinstance(event, ResponseExpired):
                assert command.now >= before.until


@for_all(commands, command)
def test_a_command_twice_is_no_news_the_second_time(commands, command):
    past = history(negotiations, [respond, *commands, command])
    assert history(negotiations, [command], past) == past
