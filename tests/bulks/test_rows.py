"""Rows of bulks equal their folds, and say what the decider knows."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from adapters.log.tail import house_codec
from domain import bulks
from domain.bulks import Advance, Refusal, Start, TakeBack
from domain.kernel import fold
from projections import bulks as projection
from tests.support.histories import history
from tests.support.rows import recorded, rows_equal_the_fold

starts = st.builds(
    Start,
    st.just("materials"),
    st.sampled_from(["amina", "basma"]),
    st.integers(0, 5),
    st.just("d"),
    st.none() | st.just("b"),
)
steps = st.lists(
    st.builds(
        lambda upto, places: Advance(
            upto, tuple(Refusal(p, f"i{p}", "no", "why") for p in sorted(places)), 1
        ),
        st.integers(1, 5),
        st.sets(st.integers(0, 4), max_size=2),
    )
    | st.builds(TakeBack, st.just("u")),
    max_size=5,
)
pasts = st.builds(lambda start, rest: history(bulks, [start, *rest]), starts, steps)
histories = st.lists(
    st.tuples(st.sampled_from(["s/bulks/a", "s/bulks/b", "t/bulks/a"]), pasts),
    unique_by=lambda told: told[0],
    min_size=1,
)


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, projection, histories)


@for_all(pasts)
def test_a_row_says_what_the_decider_knows(past):
    state, row, codec = fold(bulks, past), None, house_codec()
    refused = {}
    for found in recorded([("s/bulks/a", event) for event in past]):
        told = found.decoded(codec)
        row = projection.BULKS.evolve(row, told, "a")
        keys = projection.REFUSALS.on.get(type(told.event), lambda _: ())
        refused |= {id: projection.REFUSALS.evolve(None, told, id) for id in keys(told)}
    assert (row.total, row.done, row.applied, row.refused) == (
        *(state.total, state.upto, state.applied, state.refused),
    )
    assert (row.status == "completed", row.undone_by) == (state.completed, state.undone_by)
    assert (row.undoes, row.version, row.owner) == (state.undoes, len(past), state.owner)
    assert [r.index for r in refused.values()] == [
        refusal.index
        for event in past
        if isinstance(event, bulks.Advanced)
        for refusal in event.refused
    ]
