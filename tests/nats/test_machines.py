"""A machine's token is worth what the role of its user allows by now."""

import pytest

from adapters.nats.reader import CONTEXTS, subjects
from adapters.tokens.verifying import Refused
from domain.permissions import ROLES
from entrypoints.cli.nats_credentials import READS
from entrypoints.live.authority import People
from entrypoints.live.machines import Machines
from projections import PROJECTIONS


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


def test_of_every_context_that_is_pushed_it_is_said_who_reads_it():
    """Else whoever may read all that is said would read the others too."""
    pushed = {n for n, each in PROJECTIONS.items() if any(table.topic for table in each.TABLES)}
    assert set(CONTEXTS) == pushed, (
        "what is missing: its line in CONTEXTS of adapters/nats/reader.py"
    )


async def test_who_may_read_all_but_uploads_reads_no_uploads(api, machines):
    whole = [each for each in READS if not each.startswith("media:")]
    token = api.souk.signer.sign("machine", "bazaar", [*whole, "products:read_all"])
    found = subjects(await machines.verify(token))
    assert {"souk.bazaar.orders.>", "souk.bazaar.likes.>"} <= set(found)
    assert not [each for each in found if "media" in each or each == "souk.bazaar.>"]


async def test_a_seller_reads_everybodys_counters_and_their_own_reels(api, machines):
    token = api.souk.signer.sign("amina", "bazaar", ROLES["seller"])
    found = subjects(await machines.verify(token))
    assert {"souk.bazaar.engagement.>", "souk.bazaar.reels.*.amina"} <= set(found)
    assert "souk.bazaar.reels.>" not in found


async def test_nobody_is_nobody(machines):
    with pytest.raises(Refused):
        await machines.verify("nonsense")
