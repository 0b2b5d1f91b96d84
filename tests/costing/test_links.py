"""What a costed product is sold as: both sides know it, and buyers do not."""

from tests.costing.test_http import NOWHERE, PATH, UNKNOWN, define
from tests.reels.house import refused


async def link(house, path, product):
    return await house.done(house.amina.post(f"{path}/sells", {"product": product}))


async def listed(house, product):
    """The names of the costed products that are sold as that one."""
    items = (await house.seen(house.amina, PATH, sells=product))["items"]
    return [item["name"] for item in items]


async def test_a_costed_product_says_what_it_is_sold_as(house):
    scarf, rug, tea = await define(house), await house.product("rug"), await house.product("tea")
    assert (await house.seen(house.amina, scarf))["sells"] is None
    first = await link(house, scarf, rug)
    assert (await house.seen(house.amina, scarf))["sells"] == rug
    assert (await listed(house, rug), await listed(house, tea)) == (["Scarf"], [])
    again = await link(house, scarf, rug)
    assert again["version"] == first["version"], "it is no news"
    await link(house, scarf, tea)
    assert (await listed(house, rug), await listed(house, tea)) == ([], ["Scarf"])
    shawl = await define(house, name="Shawl")
    await link(house, shawl, rug)
    await link(house, scarf, None)
    assert (await listed(house, rug), await listed(house, tea)) == (["Shawl"], [])
    await link(house, shawl, tea)
    assert (await listed(house, rug), await listed(house, tea)) == ([], ["Shawl"])


async def test_a_link_is_refused_for_what_is_not_there_not_theirs_or_taken(house):
    scarf, shawl = await define(house), await define(house, name="Shawl")
    dear = await define(house, currency="EUR")
    rug, theirs = await house.product("rug"), await house.product("tea", "basma")
    await link(house, scarf, rug)
    for path, product, code in (
        (shawl, rug, "costing.listing_taken"),
        (scarf, NOWHERE, "costing.unknown_listing"),
        (scarf, theirs, "costing.listing_not_the_owners"),
        (dear, rug, "costing.currency_mixed"),
    ):
        sending = house.amina.post(f"{path}/sells", {"product": product})
        assert await refused(sending) == (422, code)
    assert (await house.seen(house.amina, scarf))["sells"] == rug
    body = {"product": rug}
    assert await refused(house.basma.post(f"{scarf}/sells", body)) == UNKNOWN
    assert await refused(house.karim.post(f"{scarf}/sells", body)) == (403, "forbidden")
    assert (await house.seen(house.basma, PATH, sells=rug))["items"] == []
