"""Whoever names somebody else in a bulk is refused, and nothing of their own is touched."""

import pytest

from tests.bulks.test_http import MATERIALS, PRODUCTS, SILK, confirmed, head, previewed, sent
from tests.materials.test_http import add
from tests.reels.house import refused

UPDATE = {"updates": {"brand": "Atlas"}}
TEA = {"op": "create", "name": "Tea", "slug": "tea", "price": {"amount": "1.00", "currency": "DZD"}}
FORBIDDEN = (403, "forbidden")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    ("path", "whose"), [(MATERIALS, "owner"), ("/yarns/bulk", "owner"), (PRODUCTS, "seller")]
)
async def test_a_filter_names_somebody_else_for_staff_alone(house, method, path, whose):
    await add(house, name="Mine")
    await add(house, house.basma, name="Hers")
    await house.product("pots")
    await house.product("pans", seller="basma")
    house.at = await head(house)
    more = UPDATE if method == "PUT" else {}
    hers, mine = {"filter": {whose: "basma"}} | more, {"filter": {whose: "amina"}} | more
    assert await refused(sent(house, method, path, hers)) == FORBIDDEN
    assert (await previewed(house, method, path, mine))["total"] == 1
    assert (await previewed(house, method, path, {"filter": {}} | more))["total"] == 1
    assert (await previewed(house, method, path, hers, house.root))["total"] == 1
    _, ran = await confirmed(house, method, path, mine)
    assert ran["applied"] == 1


@pytest.mark.parametrize(
    ("path", "new", "whose"), [(MATERIALS, SILK, "owner"), (PRODUCTS, TEA, "seller")]
)
async def test_what_a_bulk_creates_is_somebody_elses_for_staff_alone(house, path, new, whose):
    await house.product("pots")
    await house.product("pans", seller="basma")
    hers, mine = ({"operations": [new | {whose: name}]} for name in ("basma", "amina"))
    assert await refused(sent(house, "POST", path, hers)) == FORBIDDEN
    assert (await previewed(house, "POST", path, mine))["would"]["create"] == 1
    assert (await previewed(house, "POST", path, hers, house.root))["would"]["create"] == 1
