"""Rows of categories equal their folds, and the tree is in order."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import categories
from domain.categories import CreateCategory
from domain.kernel import Recorded, fold
from projections import categories as projection
from tests.categories.test_rules import commands, few
from tests.support.histories import history
from tests.support.rows import rows_equal_the_fold

TOP = [CreateCategory(id, "N", id, above) for id, above in (("a", None), ("b", "a"), ("c", "b"))]
trees = st.tuples(
    st.sampled_from(["souk/categories/souk", "bazaar/categories/bazaar"]),
    few.map(lambda wanted: history(categories, [*TOP, *wanted])),
)
histories = st.lists(trees, max_size=2, unique_by=lambda stream: stream[0])


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, projection, histories, examples=60)


def recorded(version, event):
    at = dict.fromkeys(Recorded.__struct_fields__)
    return Recorded(**at | {"version": version, "event": event, "stream": "souk/categories/souk"})


@for_all(commands)
def test_each_stands_behind_its_parent_and_among_its_like_by_name(commands):
    past = history(categories, commands)
    told = None
    for version, event in enumerate(past, start=1):
        told = projection.TREES.evolve(told, recorded(version, event), "souk")
    tree, open = fold(categories, past), []
    items = told.items if told else []
    there = {id for id, known in tree.categories.items() if not known.purged}
    assert {branch.id for branch in items} == there
    for branch in items:
        known = tree.categories[branch.id]
        assert (branch.name, branch.slug, branch.parent, branch.retired) == (
            known.name,
            known.slug,
            known.parent,
            known.retired,
        )
        open = open[: branch.depth - 1]
        assert [above.id for above in open[-1:]] == ([branch.parent] if branch.parent else [])
        open.append(branch)
    for parent in {branch.parent for branch in items}:
        names = [(b.name.casefold(), b.id) for b in items if b.parent == parent]
        assert names == sorted(names)
