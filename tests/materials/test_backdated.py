"""Purchases that are told late: whatever the order of recording, the average is that of what
happened, in the order it happened in."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor
from uuid import uuid4

from hypothesis import example
from hypothesis import given as for_all
from hypothesis import strategies as st

from application.costing.computing import MOST, sources
from application.materials.purchases import placed
from domain import materials
from domain.costs import Cost
from domain.kernel import Recorded, fold
from domain.materials import AdjustStock, RecordPurchase, StockAdjusted
from domain.money import Money
from domain.quantities import Amount
from tests.materials.test_rules import added

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
free = Money(0, "DZD")
hours = st.integers(0, 30)
steps = st.lists(
    st.tuples(
        st.just("buy"), st.integers(1, 9_000), st.integers(0, 10**6), st.none() | st.integers(0, 40)
    )
    | st.tuples(st.just("adjust"), st.integers(-6_000, 6_000)),
    max_size=15,
)


def at(hour):
    return BEGUN + timedelta(hours=hour)


def recorded(event, number, position):
    """The ``number``-th of its stream, an hour after the one before."""
    id = uuid4()
    return Recorded(
        *("s", "s/materials/a", number, position, "", id, at(number), at(number)),
        *("amina", id, None, id, event),
    )


def book(steps):
    """Each step as it is recorded, one an hour; what is not to be is left out."""
    past = [recorded(added, 1, 1)]
    for step in steps:
        state = fold(materials, (r.event for r in past))
        if step[0] == "adjust":
            delta = max(step[1], -state.stock)
            command = AdjustStock(Amount(delta * 10**6), "count")
        else:
            _, grams, price, hour = step
            when = None if hour is None else at(hour)
            bought = RecordPurchase(
                Amount(grams * 10**6), Money(price, "DZD"), free, bought_at=when
            )
            command = placed(bought, past)
        for event in materials.decide(state, command):
            past.append(recorded(event, len(past) + 1, len(past) + 1))
    return past


def half_up(exact):
    return floor(exact + Fraction(1, 2))


def accountant(past):
    """(the average, the last cost), by an accountant who has sorted all receipts."""
    moved = []
    for r in past[1:]:
        bought = getattr(r.event, "bought_at", None)
        when = r.occurred_at if bought is None or bought > r.occurred_at else bought
        moved.append((when, r.version, r.event))
    stock, average, last = 0, None, None
    for _, _, event in sorted(moved, key=lambda told: told[:2]):
        if isinstance(event, StockAdjusted):
            stock += event.delta
            continue
        paid = Fraction(event.price.minor * 10**9)
        worth = Fraction(average * stock) if average is not None and stock > 0 else 0
        held = stock if average is not None and stock > 0 else 0
        average = half_up((worth + paid) / (held + event.quantity))
        last = half_up(paid / event.quantity)
        stock += event.quantity
    return average, last


@for_all(steps)
@example([("buy", 100, 100, 9), ("buy", 100, 300, None), ("buy", 100, 200, 1)])
def test_the_average_is_that_of_all_movements_by_when_they_happened(steps):
    past = book(steps)
    state = fold(materials, (r.event for r in past))
    assert (
        state.average and state.average.micros,
        state.last and state.last.micros,
    ) == accountant(past)


@for_all(steps)
def test_only_what_is_not_the_last_to_have_happened_says_so(steps):
    past = book(steps)
    for place, r in enumerate(past[1:], 1):
        if isinstance(r.event, StockAdjusted):
            continue
        late = r.event.bought_at is not None and any(
            min(getattr(x.event, "bought_at", None) or x.occurred_at, x.occurred_at)
            > r.event.bought_at
            for x in past[1:place]
        )
        assert (r.event.backdated is not None) == late


def test_the_last_cost_is_that_of_the_last_purchase_to_have_happened():
    past = book([("buy", 1000, 900, None), ("buy", 1000, 300, None), ("buy", 1000, 600, 2)])
    assert fold(materials, (r.event for r in past)).last == Cost(300 * 10**6, "DZD")
    assert sources(past, "last") == (3,)
    ahead = book([("buy", 1000, 900, 40), ("buy", 1000, 300, None)])
    assert ahead[2].event.backdated is None, "what is told ahead happened when it was told"


def test_of_many_purchases_the_last_are_where_an_average_comes_from():
    past = book([("buy", 1000, 900, None)] * (MOST + 5))
    assert sources(past, "average") == tuple(r.position for r in past[-MOST:])
    assert len(past) == 1 + MOST + 5


def test_stock_that_had_run_out_is_where_an_average_no_longer_comes_from_by_when_it_did():
    past = book(
        [("buy", 1000, 900, 1), ("adjust", -1000), ("buy", 1000, 300, None), ("buy", 500, 50, 2)]
    )
    assert [r.position for r in past] == [1, 2, 3, 4, 5]
    assert sources(past, "average") == (2, 5, 4), "some was left when the third came"
