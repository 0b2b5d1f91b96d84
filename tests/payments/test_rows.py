"""What is read of a checkout's money is the fold of its events."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from adapters.log.tail import house_codec
from domain import payments
from domain.kernel import fold
from domain.payments import CancelShare, Capture, Intend
from projections import payments as projection
from tests.payments.test_rules import brl, commands, opening
from tests.support.histories import history
from tests.support.rows import recorded, rows_equal_the_fold

tipped = [opening, Intend("p4", "card", brl(50), "tip"), Capture("p4")]
pasts = commands.map(lambda wanted: history(payments, wanted))
streams = st.builds("{}/payments/{}".format, st.sampled_from(["souk", "bazaar"]), st.just("c1"))


def test_rows_equal_the_fold(database):
    histories = st.lists(st.tuples(streams, pasts), max_size=2, unique_by=lambda pair: pair[0])
    rows_equal_the_fold(database, projection, histories)


@for_all(pasts)
def test_a_row_says_what_the_decider_knows(past):
    _says_what_the_decider_knows(past)


def _says_what_the_decider_knows(past):
    row, state = _row(past), fold(payments, past)
    assert row.due.money.minor == state.due
    assert row.captured.money.minor == state.captured
    assert row.requested.money.minor == state.requested
    assert row.paid == state.paid
    assert {p.id: p.status for p in row.payments} == {
        id: p.status for id, p in state.payments.items()
    }
    assert {r.id for r in row.refunds if r.refunded} == {
        id for id, r in state.refunds.items() if r.refunded
    }


def test_a_tip_that_goes_back_was_not_captured_for_an_order():
    past = history(payments, [*tipped, CancelShare("o1"), CancelShare("o2")])
    _says_what_the_decider_knows(past)
    row = _row(past)
    assert [p.money.minor for p in (row.captured, row.tips, row.requested)] == [0, 50, 50]


def _row(past):
    row, codec = None, house_codec()
    for stored in recorded([("souk/payments/c1", event) for event in past]):
        row = projection.evolve(row, stored.decoded(codec), "c1")
    return row
