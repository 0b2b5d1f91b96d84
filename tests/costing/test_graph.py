"""No product is in itself, at any depth, and no tree is too deep or too large."""

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import costgraph
from domain.costgraph import LEVELS, NODES, EdgesSet, SetEdges
from domain.kernel import Rejected, fold
from tests.support.deciders import given
from tests.support.histories import history, stored

ids = st.sampled_from("abcdefgh")
edits = st.lists(
    st.builds(
        lambda product, uses, materials: SetEdges(product, tuple(uses), tuple(materials)),
        ids,
        st.lists(ids, unique=True, max_size=4),
        st.lists(st.sampled_from("MNO"), unique=True, max_size=2),
    ),
    max_size=30,
)


def chain(number, foot=()):
    """p0 uses p1 uses … uses p<number>, which uses these materials."""
    links = [EdgesSet(f"p{n}", (f"p{n + 1}",), ()) for n in range(number)]
    return [*links, *([EdgesSet(f"p{number}", (), foot)] if foot else [])]


def test_a_product_is_not_in_itself():
    given(costgraph).when(SetEdges("a", ("a",), ())).rejected("costing.cycle")


@pytest.mark.parametrize("depth", [1, 2, 5, LEVELS - 1])
def test_a_loop_of_any_length_is_refused_and_its_way_is_told(depth):
    with pytest.raises(Rejected) as refusal:
        costgraph.decide(fold(costgraph, chain(depth)), SetEdges(f"p{depth}", ("p0",), ()))
    assert refusal.value.code == "costing.cycle"
    way = refusal.value.detail.split(" > ")
    assert way == [f"p{depth}", *(f"p{n}" for n in range(depth + 1))]


def test_a_tree_has_twelve_levels_at_the_most_wherever_it_grows():
    full = chain(LEVELS - 2, ("wool",))
    at_the_foot = SetEdges(f"p{LEVELS - 2}", (f"p{LEVELS - 1}",), ())
    given(costgraph, *full).when(SetEdges("top", ("p1",), ())).then(EdgesSet("top", ("p1",), ()))
    given(costgraph, *full).when(SetEdges("top", ("p0",), ())).rejected("costing.too_deep")
    given(costgraph, *chain(LEVELS - 2)).when(at_the_foot).then(
        EdgesSet(f"p{LEVELS - 2}", (f"p{LEVELS - 1}",), ())
    )
    two = [*chain(5, ("wool",)), *(EdgesSet(f"q{n}", (f"q{n + 1}",), ()) for n in range(6))]
    given(costgraph, *two).when(SetEdges("q6", ("p0",), ())).rejected("costing.too_deep")
    given(costgraph, *two).when(SetEdges("q5", ("p1",), ())).then(EdgesSet("q5", ("p1",), ()))


def test_a_tree_has_five_thousand_nodes_at_the_most():
    many = tuple(f"m{n}" for n in range(NODES - 2))
    full = [EdgesSet("top", ("foot",), ()), EdgesSet("foot", (), many)]
    more = SetEdges("foot", (), (*many, "wool"))
    given(costgraph, *full).when(more).rejected("costing.too_many_nodes")
    given(costgraph, full[1]).when(more).then(EdgesSet("foot", (), more.materials))
    other = SetEdges("other", (), ("x", "y"))
    given(costgraph, *full).when(other).then(EdgesSet("other", (), ("x", "y")))


def reached(edges, start):
    """Everything that can be come to, by the simplest of searches."""
    found, before = set(start), None
    while before != len(found):
        before = len(found)
        found |= {used for id in found for used in edges.get(id, ())}
    return found


@for_all(edits, st.lists(st.sampled_from("MNO"), unique=True))
def test_what_is_above_any_material_is_above_one_of_the_few_that_reach_it(commands, moved):
    graph = fold(costgraph, history(costgraph, commands))
    together = graph.reaching(moved)
    few = [id for each in together for id in each]
    assert set(few) <= set(moved)
    above = [set(graph.above(materials=each)) for each in together]
    assert sum(map(len, above)) == len(set().union(*above)), "none is above two of them"
    for each in together:
        if len(each) > 1:
            alone = [set(graph.above(materials=[id])) for id in each]
            assert all(any(a & b for b in alone if b is not a) for a in alone), "or apart"
    assert graph.above(materials=few) == graph.above(materials=moved)
    within = [{p for p, used in graph.materials.items() if id in used} for id in few]
    assert all(within), "none that nothing is made of"
    assert all(within.count(one) == 1 for one in within)


@for_all(edits)
def test_whatever_is_edited_there_is_no_loop_and_every_order_is_bottom_up(commands):
    past = history(costgraph, commands)
    assert stored(costgraph, past) == past
    graph = fold(costgraph, past)
    uses = {id: {*graph.products.get(id, ()), *graph.materials.get(id, ())} for id in graph.known}
    users = {used: {id for id in uses if used in uses[id]} for id in uses for used in uses[id]}
    for id in "abcdefgh":
        assert id not in reached(uses, uses.get(id, ())), "it is in itself"
        below, above = graph.below(id), graph.above(products=[id])
        assert set(graph.on_top(id)) == {one for one in above if not reached(users, [one]) - {one}}
        assert set(below) == reached(uses, [id]) - set("MNO")
        assert set(above) == reached(users, [id])
        for order in (below, above):
            assert len(order) == len(set(order))
            for place, at in enumerate(order):
                assert not set(graph.products.get(at, ())) & set(order[place:])
    assert set(graph.above(materials=["M"])) == reached(users, ["M"]) - {"M"}


@for_all(edits)
def test_an_edit_is_refused_as_a_cycle_exactly_when_it_closes_one(commands):
    past = []
    for command in commands:
        graph = fold(costgraph, past)
        closes = command.product in reached(graph.products, command.products)
        assert refused(graph, command) == ("costing.cycle" if closes else None)
        past = history(costgraph, [command], past)


def refused(graph, command):
    try:
        costgraph.decide(graph, command)
    except Rejected as refusal:
        return refusal.code
    return None
