"""What is asked sees all that was answered before, also where a projection is behind."""

import asyncio

from tests.carts.test_http import cart
from tests.costing.settling import settle, standing
from tests.costing.test_http import compose, define
from tests.costing.test_links import link
from tests.costing.test_restated import purchase
from tests.costing.test_sales import sold
from tests.costing.test_whatif import ALL, shop, supposing
from tests.materials.test_http import add, buy
from tests.offers.house import terms

LOOK = 0.5  # seconds in which a question that does not wait is answered


async def asked_behind(house, projection, done, question):
    """The answer to a question of amina's, (path, body), after something was ``done`` that alone
    the projection is told of only once it was asked."""
    await house.souk.positions.wait(projection, house.at)
    async with standing(house, projection):
        await done()
        asking = asyncio.create_task(house.done(house.amina.post(*question)))
        await asyncio.wait([asking], timeout=LOOK)
    return await asking


async def test_what_if_sees_the_offer_that_was_published_last(house):
    body = {"shop": "amina's", "tier": "importateur"}
    await house.done(house.root.post("/identity/members/amina/appoint-seller", body))
    wool, ((_, scarf),) = await shop(house, "110.00")
    offer = terms((1, "95.00")) | {"product": scarf, "target": "fournisseur"}

    async def done():
        await house.done(house.amina.post("/offers", offer), 201)

    found = await asked_behind(house, "offers", done, (ALL, supposing((wool, "1.10"))))
    assert found["offers"]["total"] == 1
    assert found["position"] >= house.at


async def test_what_if_sees_what_was_put_into_a_cart_last(house):
    wool, ((_, scarf),) = await shop(house, "110.00")

    async def done():
        await cart(house.karim, (scarf, 1))

    found = await asked_behind(house, "carts", done, (ALL, supposing((wool, "1.20"))))
    assert found["carts"]["total"] == 1


async def test_a_preview_sees_what_was_sold_last(house):
    wool, scarf = await add(house), await define(house)
    rug = await house.api.product("amina", "rug", "9.00", stock=50, tenant=house.tenant)
    await compose(house, scarf, (wool, "1"))
    await link(house, scarf, rug)
    await buy(house, wool, "100", "100.00")
    await settle(house)

    async def done():
        await sold(house, (rug, 1))

    path, late = f"{wool}/purchase/preview", purchase(5)
    found = await asked_behind(house, "costing", done, (path, late))
    assert found["sales"]["total"] == 1
