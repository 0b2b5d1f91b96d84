"""Walking through the log once tells of each sale what folding it anew for each would."""

import asyncio
from datetime import timedelta

from hypothesis import given as for_all
from hypothesis import strategies as st

from adapters.log.tail import house_codec
from application.costing import Sold
from application.costing.gathering import told
from application.costing.restating import EVENTS, walked
from application.costing.walking import MOVES, Walk
from domain import costing, costs, materials, tenants
from domain.costing import Component, DefineProduct, Labour, SetComponents, SetLabour
from domain.costs import Cost
from domain.kernel import fold
from domain.materials import (
    AddMaterial,
    AdjustStock,
    Describing,
    MeasureMaterial,
    Measuring,
    Movement,
    RecordPurchase,
    SetStandardCost,
    movements,
    refolded,
)
from domain.money import Money
from domain.quantities import Amount
from domain.tenants import CreateTenant, SetCostBasis
from tests.support.histories import history
from tests.support.rows import START, mixed, recorded

FREE = Money(0, "DZD")
CODEC = house_codec()
moments = st.integers(-3, 30).map(lambda seconds: START + timedelta(seconds=seconds))
grams = st.integers(1, 900)
prices = st.integers(0, 10**6).map(lambda minor: Money(minor, "DZD"))
bought = st.builds(
    lambda grams, price, at: RecordPurchase(Amount(grams * 10**9), price, FREE, bought_at=at),
    grams,
    prices,
    st.none() | moments,
)
material = st.lists(
    bought
    | bought
    | st.builds(lambda g: AdjustStock(Amount(-g * 10**9), "used"), grams)
    | st.integers(0, 900).map(lambda scrap: MeasureMaterial(Measuring((), scrap)))
    | st.integers(0, 10**9).map(lambda micros: SetStandardCost(Cost(micros, "DZD"))),
    max_size=8,
).map(lambda more: [AddMaterial("amina", Describing("Wool", "yarn"), "g", "DZD"), *more])


def product(*parts):
    """A product that is made of some of these, (kind, id), in one way after another."""
    components = [
        st.none() | st.builds(Component, st.just(kind), st.just(id), st.integers(1, 9_000))
        for kind, id in parts
    ]
    whole = SetComponents(tuple(Component(kind, id, 1_000) for kind, id in parts))
    recipes = st.tuples(*components).map(lambda all: tuple(one for one in all if one))
    return st.lists(
        st.builds(SetComponents, recipes, st.integers(1, 3))
        | st.builds(lambda rate: SetLabour((Labour("w", 60_000, rate),)), prices),
        max_size=4,
    ).map(lambda more: [DefineProduct("amina", "Scarf", "DZD"), whole, *more])


bases = st.lists(st.builds(SetCostBasis, st.sampled_from(costs.BASES)), max_size=3)
STREAMS = {
    "s/tenants/s": (tenants, bases.map(lambda more: [CreateTenant("Shop", "DZD"), *more])),
    "s/materials/wool": (materials, material),
    "s/materials/silk": (materials, material),
    "s/costing/scarf": (costing, product(("material", "wool"), ("material", "silk"))),
    "s/costing/box": (costing, product(("product", "scarf"), ("material", "wool"))),
}
DECIDERS = {stream: decider for stream, (decider, _) in STREAMS.items()}


def anew(past, late, sold):
    """All of it folded for this sale alone."""
    until = [r for r in past if r.position <= sold.position]
    now = {s: fold(d, [r.event for r in until if r.stream == s]) for s, d in DECIDERS.items()}
    basis = now["s/tenants/s"].cost_basis
    moves = movements(r for r in until if r.stream == "s/materials/wool")
    wool = refolded((*moves, late))

    def unit(id):
        state = now[f"s/materials/{id}"]
        cost = told(state, basis)
        if id == "wool":
            cost = costs.by(basis, wool.average, wool.last, state.standard)
        return cost and cost.wasting(state.measuring.scrap)

    def cost(id):
        state = now.get(f"s/costing/{id}", costing.EMPTY)
        units = {
            part.id: unit(part.id) if part.kind == "material" else cost(part.id)
            for part in state.components
        }
        return costing.cost_of(state, units).cost

    return cost(sold.costing)


lates = st.builds(
    lambda at, grams, price: Movement(at, grams * 1000, price), moments, grams, prices
)


@for_all(st.data(), lates)
def test_walking_once_tells_of_a_sale_at_any_time_what_folding_anew_does(data, late):
    streams = [(s, history(d, data.draw(commands))) for s, (d, commands) in STREAMS.items()]
    past = [row.decoded(CODEC) for row in recorded(mixed(streams, data))]
    sales = [Sold(id, r.position) for r in past for id in ("scarf", "box", "gone")]
    moves = [one for one in past if isinstance(one.event, MOVES)]
    found = asyncio.run(walked(Walk("wool", late), moves, reversed(sales)))
    assert found == {sold: anew(past, late, sold) for sold in sales}


async def test_a_long_walk_gives_others_their_turn():
    """Between two sales, and in between them when much has happened there."""
    new = [AddMaterial("amina", Describing("Wool", "yarn"), "g", "DZD")]
    added, first = history(materials, [*new, RecordPurchase(Amount(10**9), FREE, FREE)])
    whole = [("s/materials/wool", event) for event in (added, *[first] * EVENTS)]
    past = [row.decoded(CODEC) for row in recorded(whole)]
    walk = Walk("wool", Movement(START, 1000, FREE))
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    try:
        await walked(walk, past, [Sold("scarf", 1), Sold("scarf", 2), Sold("scarf", EVENTS + 1)])
        assert turns >= 4, "for each sale, and for the events before the last"
    finally:
        beside.cancel()
