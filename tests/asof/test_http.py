"""``as_of`` over HTTP: who may, what it answers, and what it says of itself."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from tests.carts.test_http import cart, price
from tests.support.http import running_api


@pytest.fixture
async def tea(api):
    """A product whose price was 12.50, then 9.00; ``changed``: the position of the change."""
    await api.market("amina")
    api.tea = await api.product("amina", "tea", price="12.50", stock=3)
    seller, body = api.of("seller", "amina"), {"price": price("9.00")}
    done = await seller.post(f"/catalog/products/{api.tea}/price", body)
    api.changed, api.olga = done.json()["position"], api.of("auditor", "olga")
    return api


async def rows(api, sql, *params):
    async with await AsyncConnection.connect(api.souk.settings.postgres_url) as db:
        return await (await db.execute(sql, params)).fetchall()


async def refused(sending):
    answer = await sending
    return answer.status_code, answer.json()["code"]


async def test_a_price_is_what_it_was_and_the_answer_says_as_of_when(tea):
    path = f"/catalog/products/{tea.tea}"
    then = await tea.olga.get(path, as_of=tea.changed - 1)
    assert (then.status_code, then.json()["price"]) == (200, price("12.50"))
    assert then.headers["souk-as-of"] == str(tea.changed - 1)
    assert then.headers["souk-as-of-cost"].startswith("events=3;ms=")
    assert then.headers["souk-as-of-cost"].endswith(";cached=0")
    again = await tea.olga.get(path, as_of=tea.changed - 1)
    assert again.content == then.content
    assert again.headers["souk-as-of-cost"].endswith(";cached=1")
    later = await tea.olga.get(path, as_of=tea.changed)
    assert (later.json()["price"], later.headers["souk-as-of"]) == (price("9.00"), str(tea.changed))


async def test_a_time_is_the_last_position_recorded_by_then(tea):
    times = dict(await rows(tea, "SELECT position, recorded_at FROM log.events"))
    path, moment = f"/catalog/products/{tea.tea}", timedelta(microseconds=1)
    for time, position, shown in (
        (times[tea.changed], tea.changed, "9.00"),
        (times[tea.changed] - moment, tea.changed - 1, "12.50"),
        (times[1] - moment, 0, None),
    ):
        then = await tea.olga.get(path, as_of=time.astimezone(UTC).isoformat())
        assert then.json().get("price") == (price(shown) if shown else None)
        if shown:
            assert then.headers["souk-as-of"] == str(position)
    occurred = await tea.olga.get(path, as_of=times[tea.changed].isoformat(), axis="occurred")
    assert occurred.json()["price"] == price("9.00")


async def test_what_was_being_appended_at_that_time_is_in_the_answer(tea):
    url = tea.souk.settings.postgres_url
    async with await AsyncConnection.connect(url) as db:  # which has not committed yet
        (position, time) = await (
            await db.execute(
                "UPDATE log.head SET position = position + 1, recorded_at = clock_timestamp()"
                " RETURNING position, recorded_at"
            )
        ).fetchone()
        await db.execute(
            "INSERT INTO log.events SELECT (jsonb_populate_record(e, %s)).* FROM log.events e"
            " WHERE e.position = 1",
            (Jsonb({"tenant": "other", "position": position, "recorded_at": time.isoformat()}),),
        )
        path = f"/catalog/products/{tea.tea}"
        asked = asyncio.create_task(tea.olga.get(path, as_of=time.isoformat()))
        await asyncio.wait({asked}, timeout=0.3)
        await db.commit()
        then = await asked
    assert (then.status_code, then.headers["souk-as-of"]) == (200, str(position))


async def test_it_is_for_auditors_and_changes_nothing_of_who_may_see_what(tea):
    for role, user in (("seller", "amina"), ("buyer", "karim")):
        sending = tea.of(role, user).get(f"/catalog/products/{tea.tea}", as_of=1)
        assert await refused(sending) == (403, "as_of.forbidden")
    assert await refused(tea.of("buyer", "karim").get("/identity/members", as_of=1)) == (
        403,
        "forbidden",
    )
    other = tea.of("auditor", "olga", "another")
    assert await refused(other.get(f"/catalog/products/{tea.tea}", as_of=tea.changed)) == (
        404,
        "catalog.unknown_product",
    )


async def test_what_is_no_position_and_no_time_is_malformed(tea):
    wrong = ["x", "-1", "1.5", "position:1", "2017-01-31", "2017-01-31T00:00:00", "9" * 19]
    wrong += ["2017-02-31T00:00:00Z", "2017-01-31T00:00:00 01:00", "1\n", ""]
    wrong += ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]  # no years of UTC
    for text in wrong:
        answered = await refused(tea.olga.get("/orders", **{"as": "tenant"}, as_of=text))
        assert answered == (400, "malformed"), text
    for query in (
        {"as_of": 1, "axis": "occurred"},
        {"as_of": 1, "after": 1},
        {"axis": "recorded"},
        {"as_of": "2017-01-31T00:00:00Z", "axis": "effective"},
    ):
        assert await refused(tea.olga.get("/catalog/products", **query)) == (400, "malformed")
    after = {"souk-after": "1"}
    sending = tea.olga.send("GET", "/catalog/products?as_of=1", headers=after)
    assert await refused(sending) == (400, "malformed")


@pytest.mark.parametrize("axis", ["recorded", "occurred"])
async def test_at_the_first_time_that_there_is_nothing_was_there(tea, axis):
    then = await tea.olga.get("/catalog/products", as_of="0001-01-01T00:00:00Z", axis=axis)
    assert (then.status_code, then.json()["items"]) == (200, [])


async def test_a_command_is_of_now(tea):
    seller = tea.of("admin", "root")
    sending = seller.send("DELETE", "/materials/bulk?as_of=1", json={"filter": {}})
    assert await refused(sending) == (400, "malformed")


@pytest.mark.parametrize(
    "path",
    ["/projections?as_of=1", "/audit/events?%61s_of=1", "/erasures/karim/held?as_of=1"],
)
async def test_what_has_no_past_does_not_tell_the_present_for_it(tea, path):
    root = tea.of("admin", "root")
    assert await refused(root.send("GET", path)) == (400, "malformed")
    assert (await root.send("GET", path.partition("?")[0])).status_code == 200


async def test_what_is_to_come_is_not_known(tea):
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for query in ({"as_of": tea.changed + 100}, {"as_of": tomorrow}):
        for axis in ({}, {"axis": "occurred"}) if query["as_of"] == tomorrow else ({},):
            sending = tea.olga.get("/catalog/products", **query, **axis)
            assert await refused(sending) == (422, "as_of.beyond_the_log")


async def test_a_list_that_is_shared_is_neither_answered_nor_replaced_by_one_of_the_past(tea):
    now = await tea.olga.get("/catalog/products", after=tea.changed)
    then = await tea.olga.get("/catalog/products", as_of=tea.changed - 2)
    (was,) = then.json()["items"]
    assert (was["price"], was["available"]) == (price("12.50"), 0)
    assert (await tea.olga.get("/catalog/products")).content == now.content
    assert (await tea.of("buyer", "karim").get("/catalog/products")).content == now.content


async def test_the_etag_is_of_that_point(tea):
    path = f"/catalog/products/{tea.tea}"
    then = await tea.olga.get(path, as_of=tea.changed)
    etag = {"if-none-match": then.headers["etag"]}
    for query, status in (
        (f"?as_of={tea.changed}", 304),
        (f"?as_of={tea.changed - 1}", 200),
        (f"?after={tea.changed}", 200),
    ):
        assert (await tea.olga.send("GET", path + query, etag)).status_code == status


async def test_every_reading_is_recorded_before_it_is_answered(tea):
    path = "/catalog/products"
    headers = {"souk-purpose": "a complaint"}
    await tea.olga.send("GET", f"{path}?as_of={tea.changed}", headers)
    ((actor, data),) = await rows(
        tea,
        "SELECT actor, convert_from(data, 'UTF8')::json FROM log.events WHERE tag LIKE 'audit.%%'",
    )
    assert (actor, data["what"]) == ("olga", "GET /api/v1/catalog/products")
    await tea.of("seller", "amina").get(path, as_of=1)  # refused: nothing was read
    ((readings,),) = await rows(tea, "SELECT count(*) FROM log.events WHERE tag LIKE 'audit.%%'")
    assert readings == 1


async def test_personal_data_is_shown_to_who_may_until_it_is_erased(tea):
    karim = tea.of("buyer", "karim")
    bought = await cart(karim, (tea.tea, 1))
    body = {"payments": [{"method": "card"}], "customer": {"name": "Karim Canary"}}
    done = (await karim.post(f"/carts/{bought}/check-out", body)).json()
    path, at = f"/orders/{done['orders'][0]['id']}", done["position"]
    root = tea.of("admin", "root")
    assert (await root.get(path, as_of=at)).json()["personal"]["name"] == "Karim Canary"
    assert "Canary" not in (await tea.olga.get(path, as_of=at)).text
    every = await root.get("/orders/all", **{"as": "tenant"}, as_of=at)
    assert (every.text.count("\n"), "Karim Canary" in every.text) == (1, True)
    assert every.headers["souk-as-of"] == str(at)
    await tea.souk.keyring.destroy("bazaar", "karim")
    erased = await root.get(path, as_of=at)
    assert (erased.status_code, "Canary" in erased.text) == (200, False)


async def test_who_asks_again_finds_what_was_not_ready(stack, database):
    async with running_api(stack, database, as_of_seconds=0.0) as api:
        await api.market("amina")
        tea = await api.product("amina", "tea")
        olga, told = api.of("auditor", "olga"), []
        path = f"/catalog/products/{tea}"
        while (answer := await olga.get(path, as_of=5)).status_code == 503:
            told.append(answer)
            await asyncio.sleep(0.01)
        assert answer.status_code == 200
        problem = told[0].json()
        assert (problem["code"], int(told[0].headers["retry-after"])) == ("as_of.folding", 1)
        assert set(problem["progress"]) == {"events", "total"}
