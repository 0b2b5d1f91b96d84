"""Rows of products equal their folds, stock included."""

from hypothesis import strategies as st

from domain import catalog, categories, inventory
from domain.categories import CategoryCreated
from domain.identity import SellerAppointed
from projections import catalog as projection
from tests.catalog.test_rules import commands
from tests.categories.test_rules import few as rearranged
from tests.inventory.test_rules import commands as moves
from tests.support.histories import history
from tests.support.rows import rows_equal_the_fold

TREE = [CategoryCreated(id, id, id, above) for id, above in (("a", None), ("b", "a"), ("c", "b"))]
products = st.tuples(
    st.sampled_from(["souk/catalog/a", "souk/catalog/b", "bazaar/catalog/a"]),
    commands.map(lambda wanted: history(catalog, wanted)),
)
stock = st.tuples(
    st.sampled_from(["souk/inventory/a", "bazaar/inventory/a"]),
    moves.map(lambda wanted: history(inventory, wanted)),
)
tiers = st.none() | st.just("grossiste")
appointments = st.tuples(
    st.sampled_from(["souk/identity/amina", "bazaar/identity/amina"]),
    st.lists(
        st.builds(SellerAppointed, st.just("T"), st.none() | st.just("grossiste")), max_size=2
    ),
)
trees = st.tuples(
    st.sampled_from(["souk/categories/souk", "bazaar/categories/bazaar"]),
    rearranged.map(lambda wanted: history(categories, wanted, TREE)),
)
histories = st.lists(
    products | stock | appointments | trees, max_size=4, unique_by=lambda stream: stream[0]
)


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, projection, histories)
