"""A machine's token is worth what the role of its user allows by now."""

import pytest

from adapters.nats.reader import subjects
from adapters.tokens import Refused
from domain.permissions import ROLES
from entrypoints.live.authority import People
from entrypoints.live.machines import Machines


@pytest.fixture
def machines(api):
    return Machines(api.souk.tokens, People(api.souk.reader))


async def test_who_is_no_member_has_what_the_token_says(api, machines):
    await api.market()
    claims = await machines.verify(api.token("admin", "machine"))
    assert subjects(claims) == ["souk.bazaar.>"]


async def test_who_was_made_a_lesser_member_has_no_more_than_that(api, machines):
    await api.market()
    added = await api.of("admin", "root").post(
        "/identity/members", {"user": "machine", "role": "buyer"}
    )
    await api.of("admin", "root").get("/identity/members", after=added.json()["position"])
    found = subjects(await machines.verify(api.token("admin", "machine")))
    assert "souk.bazaar.orders.*.*.machine" in found
    assert "souk.bazaar.orders.>" not in found
    assert "souk.bazaar.>" not in found


async def test_a_role_gives_nothing_that_the_token_does_not_say(api, machines):
    await api.market()
    token = api.souk.signer.sign("machine", "bazaar", ["orders:read"])
    assert subjects(await machines.verify(token)) == [
        "souk.bazaar.orders.*.machine.*",
        "souk.bazaar.orders.*.*.machine",
    ]


async def test_a_seller_called_sales_does_not_read_everybodys(api, machines):
    token = api.souk.signer.sign("sales", "bazaar", ROLES["seller"])
    assert not [each for each in subjects(await machines.verify(token)) if "analytics" in each]


async def test_nobody_is_nobody(machines):
    with pytest.raises(Refused):
        await machines.verify("nonsense")
