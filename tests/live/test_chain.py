"""Any way that changes may come: each is handed on once, in order, positions whole."""

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.live.chain import Arrival, Chain, Page
from adapters.live.change import Change

HOWS = ("lost", "sent", "repeated", "held back", "read")


def change(seq, position, late=False):
    return Change("toys", seq, "A", f"toys.{seq}", position, b"{}", late=late)


@st.composite
def histories(draw):
    """Changes in their order, with gaps in their seqs, of positions of one or more."""
    seq, position, made = draw(st.integers(0, 3)), 0, []
    for many in draw(st.lists(st.integers(1, 4), max_size=12)):
        position += draw(st.integers(1, 3))
        for late in sorted(draw(st.booleans()) and n > 1 for n in range(many)):
            seq += draw(st.integers(1, 3))
            made.append(change(seq, position, late))
    return made


def together(one, other):
    return one.position == other.position


def grouped(changes):
    groups = []
    for one in changes:
        if groups and together(groups[-1][-1], one):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def arrivals(changes):
    """As a relay marks them."""
    previous = 0
    for one, after in zip(changes, [*changes, None][1:], strict=True):
        yield Arrival(one, previous, after is not None and together(one, after))
        previous = one.seq


def page(changes, last, reached, at_once):
    known = [one for one in changes if last < one.seq <= reached]
    if len(known) > at_once:
        return Page(last, known[at_once - 1].seq, known[:at_once], known[at_once])
    beyond = (one for one in changes if one.seq > max(last, reached))
    return Page(last, max(last, reached), known, next(beyond, None))


@settings(max_examples=500)
@given(histories(), st.data())
def test_each_change_once_in_order_whatever_becomes_of_the_messages(changes, data):
    chain, groups, behind, held, asked = Chain(0, 0), [], [], [], None
    for arrival in arrivals(changes):
        how = data.draw(st.sampled_from(HOWS))
        sending = {"sent": [arrival], "repeated": [arrival, arrival]}.get(how, [])
        behind += [arrival]
        if how == "held back":
            held.append(arrival)
        if held and data.draw(st.booleans()):
            sending.append(held.pop(data.draw(st.integers(0, len(held) - 1))))
        if data.draw(st.booleans()):
            sending.append(data.draw(st.sampled_from(behind)))  # a window that is sent again
        if how == "read" and asked is None:  # answered later, when more has come
            reached = data.draw(st.sampled_from([0, *(a.change.seq for a in behind)]))
            asked = page(changes, chain.last, reached, data.draw(st.integers(1, 5)))
        for one in sending:
            groups += chain.arrive(one)
        if asked and data.draw(st.booleans()):
            groups += chain.read(asked)
            asked = None
    while chain.last < (changes[-1].seq if changes else 0):
        groups += chain.read(page(changes, chain.last, changes[-1].seq, 3))
    assert groups == grouped(changes)
    assert not chain.broken
    assert chain.position == (changes[-1].position if changes else 0)


def test_what_is_missing_is_noticed_and_what_came_meanwhile_is_kept():
    first, second, third = arrivals([change(2, 1), change(5, 2), change(6, 3)])
    chain = Chain(0, 0)
    assert chain.arrive(first) == [[first.change]]
    assert chain.arrive(third) == []
    assert chain.broken
    assert chain.arrive(second) == [[second.change], [third.change]]
    assert not chain.broken


def test_a_position_is_not_told_without_what_came_late_in_the_place_of_some_of_it():
    """Whoever reads it after that finds only the others, and it behind them."""
    begun, late = Arrival(change(1, 7), 0, more=True), change(3, 7, late=True)
    chain = Chain(0, 0)
    assert chain.arrive(begun) == []
    assert chain.read(Page(1, 1, [], change(2, 7))) == []
    assert chain.read(Page(1, 1, [], late)) == []
    assert chain.read(Page(1, 3, [late], None)) == [[begun.change, late]]


def test_what_comes_too_early_is_not_kept_without_bound():
    chain = Chain(0, 0)
    for seq in range(2, 30_000):
        chain.arrive(Arrival(change(seq, seq), seq - 1, more=False))
    assert chain.broken
    assert len(chain.arrive(Arrival(change(1, 1), 0, more=False))) == 10_001
