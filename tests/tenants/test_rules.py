"""The rules of a tenant."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import tenants
from domain.tenants import CreateTenant, TenantCreated
from tests.support.deciders import given
from tests.support.histories import history


def test_a_tenant_is_made_once():
    given(tenants).when(CreateTenant("Bazaar", "DZD")).then(TenantCreated("Bazaar", "DZD"))
    made = TenantCreated("Bazaar", "DZD")
    given(tenants, made).when(CreateTenant("Bazaar", "DZD")).rejected("tenants.exists")


def test_a_tenant_has_a_name_and_a_currency():
    given(tenants).when(CreateTenant(" ", "DZD")).rejected("tenants.name_missing")
    given(tenants).when(CreateTenant("B", "dinar")).rejected("tenants.currency_malformed")


@for_all(
    st.lists(st.builds(CreateTenant, st.sampled_from(["", "B"]), st.sampled_from(["DZD", "x"])))
)
def test_no_history_makes_it_twice(commands):
    past = history(tenants, commands)
    assert len(past) <= 1
