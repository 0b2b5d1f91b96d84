"""What a permission implies: every pair of actions, by name and by wildcard."""

from hypothesis import given
from hypothesis import strategies as st

from domain.permissions import IMPLIED, RESOURCES, ROLES, allows, expand

ACTIONS = sorted({*IMPLIED, *(a for implied in IMPLIED.values() for a in implied), "view"})
resources, actions = st.sampled_from(RESOURCES), st.sampled_from(ACTIONS)
permissions = st.builds("{}:{}".format, resources, actions)
grants = st.lists(permissions | st.sampled_from([f"{r}:*" for r in RESOURCES] + ["*:*"]))


@given(resources, actions, resources, actions)
def test_one_permission_holds_itself_and_what_it_implies_on_its_resource(there, has, here, wanted):
    held = expand([f"{there}:{has}"])
    implied = there == here and (has == wanted or wanted in IMPLIED.get(has, ()))
    assert allows(held, f"{here}:{wanted}") == implied


@given(resources, permissions)
def test_a_wildcard_holds_every_action_of_its_resource_only(resource, wanted):
    assert allows(expand([f"{resource}:*"]), wanted) == wanted.startswith(f"{resource}:")
    assert allows(expand(["*:*"]), wanted)
    assert not allows(expand([]), wanted)


@given(grants, grants, permissions)
def test_more_grants_never_allow_less_and_nothing_appears_from_nowhere(some, more, wanted):
    both = allows(expand(some + more), wanted)
    assert both == (allows(expand(some), wanted) or allows(expand(more), wanted))
    assert expand(expand(some)) == expand(some)


@given(permissions)
def test_an_auditor_changes_nothing(wanted):
    changing = wanted.rpartition(":")[2] not in ("read", "read_all", "view")
    assert not (changing and allows(expand(ROLES["auditor"]), wanted))
