"""Rows of the bin are the fold of what every context deletes, and of what is shown with it."""

from hypothesis import strategies as st

from domain import identity
from domain.categories import CategoryCreated
from domain.identity import AddMember, AppointSeller, RemoveMember, RestoreMember
from domain.media import Attached, Released, Withheld
from domain.tenants import RetentionSet
from projections import bin
from tests.bin.things import DELETABLE, NAMES
from tests.support.histories import history
from tests.support.rows import rows_equal_the_fold

THINGS = dict(zip(NAMES, DELETABLE, strict=True))
tenants = st.sampled_from("AB")


def stream(context):
    """Its own tree, or any of two things."""
    if context == "categories":
        return tenants.map(lambda tenant: f"{tenant}/categories/{tenant}")
    return st.builds(f"{{}}/{context}/{{}}".format, tenants, st.sampled_from("12"))


def steps(thing):
    return st.lists(st.sampled_from((thing.goes, thing.back, thing.purge, *thing.changes)))


def past_of(context):
    thing = THINGS[context]
    return st.tuples(
        stream(context),
        steps(thing).map(lambda more: history(thing.rules, [thing.begins, *more[:5]])),
    )


members = st.tuples(
    st.builds("{}/identity/{}".format, tenants, st.just("amina")),
    st.lists(st.sampled_from([AppointSeller("Tea"), RemoveMember(), RestoreMember()])).map(
        lambda more: history(identity, [AddMember("buyer"), *more[:5]])
    ),
)
places = st.sampled_from(["catalog/1", "catalog/2", "reels/1", "reels/nowhere"])
shown = st.tuples(
    st.builds("{}/media/{}".format, tenants, st.sampled_from("xy")),
    st.lists(st.one_of(*(st.builds(kind, places) for kind in (Attached, Withheld, Released)))),
)
terms = st.tuples(
    tenants.map(lambda tenant: f"{tenant}/tenants/{tenant}"),
    st.lists(st.builds(RetentionSet, st.integers(0, 100)), max_size=2),
)
histories = st.lists(
    st.sampled_from(NAMES).flatmap(past_of) | members | shown | terms,
    max_size=6,
    unique_by=lambda pair: pair[0],
)


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, bin, histories, examples=80)


def test_every_context_of_the_bin_has_a_way_in_back_and_but_for_members_out_for_good():
    assert tuple(sorted([*NAMES, "identity"])) == bin.CONTEXTS
    assert tuple(sorted(NAMES)) == bin.PURGEABLE
    assert CategoryCreated in bin.NAMED
