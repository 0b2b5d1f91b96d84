"""The rules of a tenant."""

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import tenants
from domain.tenants import (
    LONGEST,
    ArchiveTenant,
    CreateTenant,
    RestoreTenant,
    RetentionSet,
    SetRetention,
    TenantArchived,
    TenantCreated,
    TenantRestored,
)
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


made = TenantCreated("Bazaar", "DZD")


def test_a_tenant_is_archived_and_restored_once():
    given(tenants, made).when(ArchiveTenant()).then(TenantArchived())
    given(tenants, made, TenantArchived()).when(ArchiveTenant()).then()
    given(tenants, made, TenantArchived()).when(RestoreTenant()).then(TenantRestored())
    given(tenants, made).when(RestoreTenant()).then()
    for command in (ArchiveTenant(), RestoreTenant(), SetRetention(1)):
        given(tenants).when(command).rejected("tenants.unknown_tenant")


def test_a_tenant_keeps_what_is_deleted_for_some_days():
    given(tenants, made).when(SetRetention(90)).then()
    given(tenants, made).when(SetRetention(0)).then(RetentionSet(0))
    given(tenants, made, RetentionSet(7)).when(SetRetention(90)).then(RetentionSet(90))
    for days in (-1, LONGEST + 1):
        given(tenants, made).when(SetRetention(days)).rejected("tenants.retention_out_of_range")
