"""Operations as people might send them, sensible or not, and what they mean to whom."""

from uuid import UUID, uuid5

from hypothesis import strategies as st

from application.bulking.materials import Change
from application.bulking.products import Change as ProductChange
from application.bulks import Item
from domain.catalog import CreateProduct
from domain.catalog import Describing as Page
from domain.costs import Cost
from domain.materials import AddMaterial, Describing
from domain.money import Money

KNOWN = [str(uuid5(UUID(int=1), str(number))) for number in range(5)]  # the last is basma's
NOWHERE = str(UUID(int=9))
targets = st.sampled_from([*KNOWN, NOWHERE])
names = st.sampled_from(["Wool", "Silk", " ", "nul\0"])
skus = st.none() | st.sampled_from(["A", "B", "C", "s" * 600])
adds = st.builds(
    lambda name, sku: AddMaterial("amina", Describing(name, "yarn"), "g", "", sku=sku), names, skus
)
changes = st.builds(
    Change,
    st.fixed_dictionaries({}, optional={"name": names, "brand": st.sampled_from(["", "Atlas"])}),
    st.fixed_dictionaries({}, optional={"scrap": st.sampled_from([0, 100, 10_000])}),
    skus,
    st.none() | st.sampled_from([0, 500, -1]),
    st.none() | st.sampled_from([Cost(5, "DZD"), Cost(5, "EUR")]),
) | st.builds(Change, retire=st.just(True))
money = st.integers(-1, 3).map(lambda minor: Money(minor, "DZD"))
slugs = st.sampled_from(["wool", "silk", "Not a slug", "p0"])
offers = st.builds(
    lambda slug, price, sku: CreateProduct("amina", Page("Tea", slug), price, sku=sku),
    *(slugs, money, skus),
)
reprices = st.builds(
    ProductChange,
    st.fixed_dictionaries({}, optional={"slug": slugs, "brand": st.just("Atlas")}),
    st.none() | money,
    st.none() | money,
    st.just("season"),
    st.none() | st.integers(0, 2),
    skus,
) | st.builds(ProductChange, retire=st.just(True))


def operations(creates, changes, size=9):
    """Each an (id or None, what)."""
    create = st.tuples(st.none(), creates)
    return st.lists(create | st.tuples(targets, changes), max_size=size)


def items(bulk, operations):
    """``bulk``: the id, from which those that are created have theirs."""
    return [
        Item(str(uuid5(UUID(bulk), str(place))), "create", what)
        if id is None
        else Item(id, "delete" if what.retire else "update", what)
        for place, (id, what) in enumerate(operations)
    ]
