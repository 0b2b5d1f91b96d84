"""Rows of tenants equal their folds."""

from hypothesis import strategies as st

from domain.tenants import RetentionSet, TenantArchived, TenantCreated, TenantRestored
from projections import tenants
from tests.support.rows import rows_equal_the_fold

created = st.builds(TenantCreated, st.sampled_from(["Bazaar", "Souk"]), st.just("DZD"))
changes = st.sampled_from([TenantArchived(), TenantRestored(), RetentionSet(7)])
histories = st.lists(
    st.tuples(
        st.sampled_from(["a/tenants/a", "b/tenants/b"]), st.lists(created | changes, max_size=4)
    )
)


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, tenants, histories)
