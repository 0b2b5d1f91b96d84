"""Differences of documents: what they say, and that they can be put together."""

from hypothesis import given
from hypothesis import strategies as st

from application.differences import Change, apply, compose, diff

words = st.sampled_from(["id", "name", "a", "b c", "", 'x"]', "é", "lines", "3"])
scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([1.5, "", "tea", "bowl"])
documents = st.dictionaries(
    words,
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=4,
)


def ordered(changes):
    return sorted(changes, key=lambda change: change.path)


@given(documents, documents)
def test_a_difference_put_on_the_older_is_the_newer(a, b):
    assert typed(apply(a, diff(a, b))) == typed(b)


@given(documents, documents, documents)
def test_the_difference_of_a_and_c_is_that_of_a_and_b_and_then_b_and_c(a, b, c):
    assert typed(apply(apply(a, diff(a, b)), diff(b, c))) == typed(apply(a, diff(a, c)))
    assert repr(ordered(compose(diff(a, b), diff(b, c)))) == repr(ordered(diff(a, c)))


@given(documents)
def test_nothing_differs_from_itself(a):
    assert diff(a, a) == []


def typed(document):
    """Tells True from 1, which Python does not; the order of an object's fields says nothing."""
    match document:
        case dict():
            return {name: typed(part) for name, part in document.items()}
        case list():
            return [typed(part) for part in document]
    return type(document), document


def test_a_changed_field_is_told_by_its_path():
    before = {"price": {"minor": 100, "currency": "DZD"}, "retired": False}
    after = {"price": {"minor": 120, "currency": "DZD"}, "retired": False}
    assert diff(before, after) == [Change("price.minor", 100, 120)]


def test_things_in_a_list_are_told_apart_by_what_names_them():
    tea, bowl = {"product": "tea", "quantity": 1}, {"product": "bowl", "quantity": 2}
    more = {"product": "bowl", "quantity": 3}
    assert diff({"lines": [tea, bowl]}, {"lines": [more]}) == [
        Change("lines[]", ["tea", "bowl"], ["bowl"]),
        Change('lines[product="tea"].product', "tea"),
        Change('lines[product="tea"].quantity', 1),
        Change('lines[product="bowl"].quantity', 2, 3),
    ]


def test_a_field_that_was_not_there_has_no_old_value():
    assert diff({"a": 1}, {"a": 1, "b": None}) == [Change("b", new=None)]


def test_a_list_of_texts_is_told_whole():
    assert diff({"to": []}, {"to": ["a", "b"]}) == [Change("to[]", [], ["a", "b"])]
