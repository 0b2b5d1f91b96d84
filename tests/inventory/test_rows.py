"""What is read of stock is the fold of its events."""

from dataclasses import replace
from types import SimpleNamespace

from hypothesis import given as for_all
from hypothesis import strategies as st

from adapters.log.tail import house_codec
from domain import inventory
from domain.catalog import Describing, ProductCreated, ProductDescribed, SkuAssigned
from domain.inventory import ReservationKept
from domain.kernel import fold
from domain.money import Money
from projections import catalog
from projections import inventory as projection
from tests.inventory.test_rules import commands
from tests.projector.toys import prepare
from tests.support.histories import history
from tests.support.rows import recorded, rows_equal_the_fold

tea = Describing("Tea", "tea")
created = ProductCreated("tom", tea, Money(300, "BRL"), None, 1, None)
names = st.sampled_from(["Green tea", "Mint"]).map(lambda n: ProductDescribed(Describing(n, "t")))
offers = st.builds(
    lambda more: [created, *more],
    st.lists(names | st.builds(SkuAssigned, st.none() | st.just("T-1")), max_size=3),
)
moves = commands.map(lambda wanted: history(inventory, wanted))
tenants = st.sampled_from(["souk", "bazaar"])


@st.composite
def histories(draw):
    """Products and their stock in two tenants."""
    found = []
    for tenant in draw(st.lists(tenants, unique=True, min_size=1)):
        for id in draw(st.lists(st.sampled_from("ab"), unique=True, min_size=1)):
            found.append((f"{tenant}/catalog/{id}", draw(offers)))
            found.append((f"{tenant}/inventory/{id}", draw(moves)))
    return found


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, projection, histories())


def test_product_pages_equal_the_fold_with_their_stock(database):
    rows_equal_the_fold(database, catalog, histories())


def row_after(table, *events):
    """A product's row after its creation and these events of its stock."""
    row, codec = None, house_codec()
    all_of_them = [("souk/catalog/a", created), *(("souk/inventory/a", e) for e in events)]
    for stored in recorded(all_of_them):
        told = stored.decoded(codec)
        if type(told.event) in table.on:
            row = table.evolve(row, told, "a")
    return row


@for_all(moves)
def test_rows_and_product_pages_say_what_the_decider_knows(past):
    state = fold(inventory, past)
    item, page = (row_after(t, *past) for t in (projection.ITEMS, catalog.PRODUCTS))
    assert (item.on_hand, item.reserved) == (state.on_hand, state.reserved)
    assert item.available == page.available == state.available
    assert (item.low, page.in_stock) == (state.low, state.available > 0)
    assert (item.version, page.version) == (len(past), 1)


def test_a_product_has_a_row_before_it_has_stock():
    item = row_after(projection.ITEMS)
    assert (item.seller, item.name, item.available, item.version) == ("tom", "Tea", 0, 0)


async def test_tables_of_code_that_knew_no_kept_reservations_are_built_again(database):
    def before(table):
        return replace(table, on={k: v for k, v in table.on.items() if k is not ReservationKept})

    tables = tuple(before(table) for table in projection.TABLES)
    old = SimpleNamespace(VERSION=1, TABLES=tables, __name__=projection.__name__)
    await prepare(database, {"stock": old})
    assert await prepare(database, {"stock": projection}) == ["stock"]
