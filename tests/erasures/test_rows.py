"""Rows of erasures equal their folds. And of any history, whoever is erased in it: scrubbing what
was folded is folding scrubbed events, and leaves everything else as it was."""

from typing import get_type_hints

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.log.codec import Codec, holds_personal, tag_of
from adapters.log.erased import Hook, Scrubbed
from adapters.projector.documents import Documents
from domain import AGGREGATES
from domain.erasures import SubjectErased
from projections import PROJECTIONS, erasures
from tests.architecture.freeze import event_types, sample
from tests.architecture.test_registration import UNFOLDED
from tests.erasures.town import filled
from tests.support.rows import recorded, rows_equal_the_fold

histories = st.lists(
    st.tuples(
        st.sampled_from(["souk/erasures/ana", "bazaar/erasures/bob"]),
        st.lists(
            st.builds(SubjectErased, st.just("ana"), st.sampled_from(["requested", "left"])),
            max_size=3,
        ),
    )
)


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, erasures, histories, examples=30)


CODEC = Codec.of(AGGREGATES)
TABLES = [
    table
    for projection in PROJECTIONS.values()
    for table in projection.TABLES
    if "personal" in get_type_hints(table.document)
]
people = st.sampled_from(["ana", "bob", "aya"])


@st.composite
def tables_histories(draw):
    """A table, and streams of events that it folds, each about somebody."""
    table = draw(st.sampled_from(TABLES))
    kinds = list(table.on)
    first = [kind for kind in kinds if holds_personal(kind)]
    streams = []
    for number in range(draw(st.integers(1, 4))):
        chosen = [draw(st.sampled_from(first)), *draw(st.lists(st.sampled_from(kinds), max_size=4))]
        events = [filled(sample(kind), kind, draw(people)) for kind in chosen]
        context = tag_of(chosen[0]).split(".")[0]
        streams += [(f"bazaar/{context}/{number}", event) for event in events]
    return table, recorded(streams)


def folded(table, rows, whom):
    """The rows' documents as they are stored, and their columns."""
    hook = Hook()
    hook.whom = whom
    codec, documents = Documents(table), {}
    for row in rows:
        event = row.decoded(CODEC, lambda personal: blank(personal, hook))
        for id in table.on[type(event.event)](event):
            documents[id] = table.evolve(documents.get(id), event, id)
    made = {id: document for id, document in documents.items() if document is not None}
    return {id: (codec.encode(each), codec.columns(each)) for id, each in made.items()}


def blank(personal, hook):
    if (personal.stream.split("/")[0], personal.subject) in hook.whom:
        personal.box, personal.lookup = "erased", ""


@settings(max_examples=60)
@given(tables_histories(), people)
def test_whoever_is_erased_everything_about_everyone_else_is_as_it_was(history, erased):
    table, rows = history
    before = folded(table, rows, frozenset())
    after = folded(table, rows, frozenset({("bazaar", erased)}))
    assert after.keys() == before.keys()
    for id, (stored, columns) in before.items():
        (body, personal), now = after[id]
        scrubbed = stored.personal and Scrubbed(stored.personal, erased)
        assert body == stored.body
        assert personal == (scrubbed.data or stored.personal if scrubbed else stored.personal)
        gone = set(scrubbed.lookups) if scrubbed else set()
        wanted = {name: None if value in gone else value for name, value in hashable(columns)}
        assert dict(hashable(now)) == wanted


def hashable(columns):
    return [(n, tuple(v) if isinstance(v, list) else v) for n, v in columns.items()]


def test_every_personal_event_is_folded_by_one():
    folded = {tag_of(kind) for table in TABLES for kind in table.on}
    personal = {tag for tag, kind in event_types().items() if holds_personal(kind)}
    assert {tag for tag in personal if tag.split(".")[0] not in UNFOLDED} <= folded
