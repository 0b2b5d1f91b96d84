"""Who is erased stays so, and nothing of them is said."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.log.codec import holds_personal
from adapters.log.erased import Scrubbed, needle
from domain import AGGREGATES, erasures
from domain.erasures import EraseSubject, SubjectErased
from domain.kernel import Rejected, fold

codes = st.from_regex(r"[a-z_]{1,40}", fullmatch=True)


@given(codes, codes)
def test_a_person_is_erased_once_whatever_the_reason(first, second):
    (erased,) = erasures.decide(erasures.EMPTY, EraseSubject("amina", first))
    assert erased == SubjectErased("amina", first)
    assert erasures.decide(fold(erasures, [erased]), EraseSubject("amina", second)) == []


@pytest.mark.parametrize("subject", ["", ":lookup", "a/b", "é", "x" * 65, "amina\n"])
def test_what_is_no_users_id_is_refused(subject):
    with pytest.raises(Rejected, match=r"erasures\.subject_malformed"):
        erasures.decide(erasures.EMPTY, EraseSubject(subject, "requested"))


@pytest.mark.parametrize("reason", ["", "She asked for it", "x" * 41])
def test_a_reason_is_a_code_and_no_text(reason):
    with pytest.raises(Rejected, match=r"erasures\.reason_malformed"):
        erasures.decide(erasures.EMPTY, EraseSubject("amina", reason))


@pytest.mark.parametrize("context", sorted(AGGREGATES))
def test_no_aggregate_remembers_personal_data_so_no_snapshot_holds_any(context):
    assert not holds_personal(type(AGGREGATES[context].EMPTY))


def box(subject, lookup=None):
    stored = {"subject": subject, "sealed": "c2VhbGVk", "stream": "t/orders/1", "tag": "x.y"}
    return stored | ({"lookup": lookup} if lookup else {})


people = st.sampled_from(["amina", "bob", "aminata"])
trees = st.recursive(
    st.builds(box, people, st.none() | st.sampled_from(["h1", "h2"])) | st.text() | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("ab"), inner),
)


@settings(max_examples=40)
@given(trees)
def test_of_the_erased_nothing_is_left_and_everything_else_is_as_it_was(tree):
    before = msgspec.json.encode(tree)
    scrubbed = Scrubbed(before, "amina")
    after = before if scrubbed.data is None else scrubbed.data
    assert (scrubbed.data is not None) == (needle("amina") in before)
    assert msgspec.json.decode(after) == without(tree)
    assert Scrubbed(after, "amina").data is None


def without(tree):
    if isinstance(tree, list):
        return [without(each) for each in tree]
    if not isinstance(tree, dict):
        return tree
    if tree.get("subject") == "amina":
        return {k: v for k, v in tree.items() if k != "lookup"} | {"sealed": "erased"}
    return {name: without(each) for name, each in tree.items()}
