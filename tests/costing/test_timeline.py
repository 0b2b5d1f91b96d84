"""How a cost came about, as a chart would have it."""

from datetime import datetime
from itertools import pairwise

from tests.costing.settling import settle
from tests.costing.test_http import compose, define
from tests.materials.test_http import add, buy, dinars
from tests.reels.house import refused


async def test_the_timeline_is_a_series_that_is_read_on_by_a_cursor(house):
    wool, scarf = await add(house), await define(house)
    await compose(house, scarf, (wool, "1"))
    for price in range(1, 13):
        bought = await buy(house, wool, "1", f"{price}.00")
        await settle(house, bought["position"] - 1)
    first = await house.seen(house.amina, f"{scarf}/timeline", limit=10)
    rest = await house.seen(house.amina, f"{scarf}/timeline", limit=10, cursor=first["next"])
    items = [*first["items"], *rest["items"]]
    assert ([len(first["items"]), len(items)], rest["next"]) == ([10, 12], None)
    assert [item["cost"]["amount"] for item in items[::-1]][:4] == ["1.00", "1.50", "2.00", "2.50"]
    assert (items[-1]["old"], items[0]["cost"]) == (None, dinars("6.50"))
    assert all(after["old"] == before["cost"] for after, before in pairwise(items))
    wool_id = wool.rpartition("/")[2]
    assert items[0]["cause"] == {"kind": "material", "id": wool_id, "position": bought["position"]}
    assert items[0]["position"] > bought["position"]
    query = {"limit": 10, "order": "oldest"}
    first = await house.seen(house.amina, f"{scarf}/timeline", **query)
    rest = await house.seen(house.amina, f"{scarf}/timeline", **query, cursor=first["next"])
    assert [*first["items"], *rest["items"]] == items[::-1]
    assert rest["next"] is None
    assert await refused(house.amina.get(f"{scarf}/timeline", order="up")) == (400, "malformed")


async def test_it_never_goes_back_though_its_causes_do(house):
    """The box is edited while a purchase before that has yet to reach the scarf in it."""
    wool, scarf, box = await add(house), await define(house), await define(house)
    await compose(house, scarf, (wool, "1"))
    await compose(house, box, (scarf, "1"))
    bought = await buy(house, wool, "1", "4.00")
    work = {"labour": [{"name": "packing", "minutes": "60", "rate": dinars("1.00")}]}
    await house.done(house.amina.post(f"{box}/labour", work))
    await settle(house, bought["position"] - 1)
    await buy(house, wool, "1", "6.00")
    await house.done(house.amina.post(f"{box}/labour", {"labour": []}))
    await settle(house, bought["position"] - 1)
    items = (await house.seen(house.amina, f"{box}/timeline", order="oldest"))["items"]
    at, happened = (
        [datetime.fromisoformat(item[told]) for item in items] for told in ("at", "occurred_at")
    )
    assert [item["cost"]["amount"] for item in items] == ["5.00", "4.00", "5.00"]
    assert happened != sorted(happened)
    assert at == sorted(set(at))
    shown = await house.seen(house.amina, box)
    assert (shown["costed_at"], shown["cost"]) == (items[-1]["at"], items[-1]["cost"])
