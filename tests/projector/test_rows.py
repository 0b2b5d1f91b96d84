"""The projector's rows are the fold of the log, however it is cut into batches."""

from hypothesis import strategies as st

from domain.catalog import (
    Describing,
    MinimumSet,
    PriceChanged,
    ProductCreated,
    ProductDescribed,
    ProductFeatured,
    ProductRestored,
    ProductRetired,
    SkuAssigned,
)
from domain.money import Money
from projections import catalog
from tests.support.rows import rows_equal_the_fold

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
money = st.builds(Money, st.integers(0, 10**15), st.sampled_from(["DZD", "JPY", "TND"]))
describing = st.builds(Describing, texts, texts, texts, texts, texts, texts)
created = st.builds(
    ProductCreated, texts, describing, money, st.none() | money, st.integers(1, 9), st.none()
)
changed = st.one_of(
    st.builds(ProductDescribed, describing),
    st.builds(PriceChanged, money, money, st.none() | money, texts),
    st.builds(MinimumSet, st.integers(1, 99)),
    st.builds(SkuAssigned, st.none() | texts),
    st.builds(ProductFeatured, st.booleans()),
    st.builds(ProductRetired, texts),
    st.just(ProductRestored()),
)
streams = st.builds("{}/catalog/{}".format, st.sampled_from("AB"), st.sampled_from("123"))
histories = st.lists(
    st.tuples(streams, st.builds(lambda a, b: [a, *b], created, st.lists(changed, max_size=6))),
    max_size=5,
    unique_by=lambda pair: pair[0],
)


def test_products_equal_the_fold_of_their_events(database):
    rows_equal_the_fold(database, catalog, histories)
