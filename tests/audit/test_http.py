"""Auditing over HTTP: who may, what they are told, and that it is recorded."""

import json

import psycopg
import pytest

from domain.audit import LONGEST_PURPOSE, LONGEST_QUERY
from tests.carts.test_http import cart
from tests.support.http import running_api
from tests.weather.returning import returning

SOLD_TO = {"customer": {"name": "Karim B", "address": "2 rue Didouche"}}


@pytest.fixture(scope="module")
async def api(stack, new_database):
    """A marketplace in which karim has bought amina's tea, and one tenant beside it."""
    database = new_database()
    async with running_api(stack, database, projecting=False) as api:
        await api.market("amina")
        await api.market("zoe", tenant="other")
        api.tea = await api.product("amina", "tea", stock=5)
        seller = api.of("seller", "amina")
        changed = {"price": {"amount": "13.00", "currency": "DZD"}, "reason": "harvest"}
        done = await seller.post(f"/catalog/products/{api.tea}/price", changed)
        assert done.status_code == 200, done.text
        karim = api.of("buyer", "karim")
        bought = await cart(karim, (api.tea, 2))
        headers = {"idempotency-key": "buy", "user-agent": "shop/1 Karim's"}
        path = f"/carts/{bought}/check-out"
        done = await karim.send("POST", path, headers=headers, json=SOLD_TO)
        assert done.status_code in (200, 201), done.text
        api.bought = done.json()
        yield api
    stack.drop(database)


@pytest.fixture
def auditor(api):
    return api.of("auditor", "nadia")


async def told(auditor, path, **query):
    answer = await auditor.get(f"/audit{path}", **query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    return answer.json()


@pytest.mark.parametrize(
    "path", ["/events", "/events/1", "/streams/tenants/bazaar", "/streams/tenants/bazaar/diff"]
)
async def test_only_auditors_and_admins_may_read_the_log(api, path):
    asked = {"from": "version:0"} if path.endswith("diff") else {}
    for role, status in (("buyer", 403), ("seller", 403), ("auditor", 200), ("admin", 200)):
        answer = await api.of(role, "x").get(f"/audit{path}", **asked)
        assert answer.status_code == status, answer.text


async def test_an_entry_says_who_from_where_what_and_old_and_new(api, auditor):
    (entry, created, *_), _ = (await told(auditor, "/events", context="catalog")).values()
    assert (entry["tag"], entry["actor"]) == ("catalog.price_changed", "amina")
    assert entry["origin"]["channel"] == "http"
    assert entry["origin"]["ip"] == "127.0.0.1"
    assert entry["origin"]["agent"].startswith("python-httpx")
    assert entry["data"]["reason"] == "harvest"
    assert {"path": "price.minor", "old": 1250, "new": 1300} in entry["changes"]
    assert created["version"] == 1
    assert {"path": "seller", "old": "", "new": "amina"} in created["changes"]
    bare = await told(auditor, "/events", context="catalog", changes=False)
    assert bare["items"][0] == entry | {"changes": None}


async def test_every_event_of_a_command_has_the_commands_origin(api, auditor):
    bought = await told(auditor, "/events", actor="karim", position_from=5, limit=50)
    checkout = [e for e in bought["items"] if e["origin"]["agent"] == "shop/1 Karim's"]
    assert len({e["command_id"] for e in checkout}) == 1
    assert {e["context"] for e in checkout} >= {"carts", "checkouts", "orders"}


async def test_personal_data_is_clear_until_the_person_is_erased(api, auditor):
    order = {"tag": "orders.order_placed"}
    (entry,) = (await told(auditor, "/events", **order))["items"]
    assert entry["data"]["customer"]["name"] == "Karim B"
    assert entry["origin"]["agent"] == "shop/1 Karim's"
    await api.souk.keyring.destroy("bazaar", "karim")
    (entry,) = (await told(auditor, "/events", **order))["items"]
    assert entry["data"]["customer"]["name"] == {"erased": True}
    assert entry["origin"] == {"channel": "http", "ip": "", "agent": "", "erased": True}


async def test_pages_go_on_from_their_cursor_in_either_order(auditor):
    whole = (await told(auditor, "/events", position_before=20, order="asc", limit=100))["items"]
    found, cursor = [], {}
    while cursor is not None:
        page = await told(auditor, "/events", position_before=20, limit=10, **cursor)
        found += page["items"]
        cursor = page["next"] and {"cursor": page["next"]}
    assert [e["position"] for e in found[::-1]] == [e["position"] for e in whole]
    assert {e["tenant"] for e in found} == {"bazaar"}


async def test_an_event_is_told_with_its_causes_and_effects(api, auditor):
    detail = await place(auditor, "checkouts.checkout_placed")
    command = detail["trace"]["command"]
    assert detail["trace"]["causes"] == []
    assert detail["entry"]["event_id"] in [e["event_id"] for e in command["events"]]
    assert {e["tag"] for e in command["events"]} >= {
        "orders.order_placed",
        "carts.cart_checked_out",
    }


async def place(auditor, tag):
    (entry,) = (await told(auditor, "/events", tag=tag))["items"]
    detail = await told(auditor, f"/events/{entry['position']}")
    assert detail["entry"] == entry
    return detail


async def test_a_streams_state_at_a_version_a_position_and_a_time(api, auditor):
    path = f"/streams/catalog/{api.tea}"
    now = await told(auditor, path)
    first = await told(auditor, path, at="version:1")
    assert (now["version"], now["state"]["price"]["minor"]) == (2, 1300)
    assert (first["version"], first["state"]["price"]["minor"]) == (1, 1250)
    assert await told(auditor, path, at=f"position:{now['position'] - 1}") == first
    assert await told(auditor, path, at=f"position:{now['position']}") == now
    assert await told(auditor, path, at=first["recorded_at"]) == first
    before = await told(auditor, path, at="2001-01-01T00:00:00Z")
    assert (before["version"], before["position"], before["recorded_at"]) == (0, 0, None)
    assert await told(auditor, path, at="2001-01-01T23:59:00+23:59") == before
    assert await told(auditor, path, at="2000-12-31T00:01:00-23:59") == before


async def test_a_diff_is_told_field_by_field_and_both_ways(api, auditor):
    path, price = f"/streams/catalog/{api.tea}/diff", {"path": "price.minor"}
    forth = await told(auditor, path, **{"from": "version:1", "to": "version:2"})
    back = await told(auditor, path, **{"from": "version:2", "to": "version:1"})
    assert forth["changes"] == [price | {"old": 1250, "new": 1300}]
    assert back["changes"] == [price | {"old": 1300, "new": 1250}]
    assert await told(auditor, path, **{"from": "version:1"}) == forth


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/events", {"cursor": "x"}, 400, "malformed"),
        ("/events", {"limit": 11}, 400, "malformed"),
        ("/events", {"order": "up"}, 400, "malformed"),
        ("/events", {"recorded_from": "yesterday"}, 400, "malformed"),
        ("/events", {"correlation": "1"}, 400, "malformed"),
        ("/events", {"stream": "orders"}, 400, "malformed"),
        ("/events/999999", {}, 404, "audit.unknown_event"),
        ("/streams/tenants/bazaar", {"at": "noon"}, 400, "malformed"),
        ("/streams/tenants/bazaar", {"at": "0001-01-01T00:00:00+23:59"}, 400, "malformed"),
        ("/streams/tenants/bazaar", {"at": "version:99"}, 404, "audit.unknown_version"),
        ("/streams/tenants/bazaar", {"at": "position:999999"}, 404, "audit.beyond_the_log"),
        ("/streams/tenants/bazaar", {"at": "2999-01-01T00:00:00Z"}, 404, "audit.beyond_the_log"),
        ("/streams/tenants/other", {}, 404, "audit.unknown_stream"),
        ("/streams/tenants/bazaar/diff", {}, 400, "malformed"),
        ("/streams/tenants/bazaar/diff", {"from": "version:0", "to": "x"}, 400, "malformed"),
        (
            "/streams/tenants/bazaar/diff",
            {"from": "version:0", "to": "position:999999"},
            404,
            "audit.beyond_the_log",
        ),
    ],
)
async def test_what_cannot_be_told_says_so(auditor, path, query, status, code):
    answer = await auditor.get(f"/audit{path}", **query)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_a_reading_is_recorded_with_who_what_and_why(api):
    leila = api.of("auditor", "leila")
    headers = {"souk-purpose": "شكوى 12"}
    sent = {n: v.encode() for n, v in headers.items()}
    path = f"/audit/streams/catalog/{api.tea}"
    answer = await leila.send("GET", path, headers=sent, params={"at": "version:1"})
    assert answer.status_code == 200, answer.text
    reading, mine = (await told(leila, "/events", stream="audit/leila"))["items"]
    assert mine["actor"] == "leila"
    assert mine["data"]["what"] == "GET /api/v1/audit/streams/{context}/{id}"
    assert mine["data"]["purpose"] == "شكوى 12"
    assert mine["data"]["query"] == f'{{"context":"catalog","id":"{api.tea}","at":"version:1"}}'
    assert mine["changes"] == [{"path": "total", "old": 0, "new": 1}]
    assert reading["data"]["what"] == "GET /api/v1/audit/events"


async def test_no_word_of_a_query_hides_what_was_read(api, auditor):
    leila, path = api.of("auditor", "leila"), f"/audit/streams/catalog/{api.tea}"
    assert (await leila.send("GET", f"{path}?id=another&context=tenants")).status_code == 400
    assert (await leila.send("GET", f"{path}?at=version:1&at=version:2")).status_code == 400
    answer = await leila.send("GET", f"{path}?at=version:1")
    assert (answer.status_code, answer.json()["id"]) == (200, api.tea)
    mine = (await told(auditor, "/events", stream="audit/leila"))["items"][0]
    wanted = {"context": "catalog", "id": api.tea, "at": "version:1"}
    assert json.loads(mine["data"]["query"]) == wanted


async def test_what_is_too_long_to_be_recorded_is_not_answered(api, auditor):
    path = f"/catalog/products?field.x={'x' * LONGEST_QUERY}&as_of=1"
    answer = await auditor.send("GET", path)
    assert (answer.status_code, answer.json()["code"]) == (422, "audit.query_too_long")


async def test_too_long_a_purpose_is_refused_and_nothing_is_told(auditor):
    headers = {"souk-purpose": "x" * (LONGEST_PURPOSE + 1)}
    answer = await auditor.send("GET", "/audit/events", headers=headers)
    assert answer.status_code == 400


async def test_what_cannot_be_recorded_is_not_answered(stack, database):
    async with running_api(stack, database, projecting=False, patience=2.0) as api:
        await returning(api).market()
        with psycopg.connect(database) as blocker:  # whoever appends waits for the head
            blocker.execute("SELECT FROM log.head FOR UPDATE")
            answer = await api.of("auditor", "nadia").get("/audit/events")
        assert answer.status_code == 503
        assert "items" not in answer.text


async def test_a_number_that_orders_were_looked_for_by_is_recorded_as_its_hash(api):
    """Or it would be readable, by the reader's key, when its owner is erased."""
    root = api.of("admin", "rosa")
    asked = {"as": "tenant", "phone": "0550 77-88", "as_of": 1}
    assert (await root.get("/orders", **asked)).status_code == 200
    stream = "bazaar/audit/rosa"
    (reading,) = (await api.souk.log.read("bazaar", [stream]))[stream]
    said = reading.event.query.text
    assert "77-88" not in said
    assert await api.souk.keyring.hashed("bazaar", "5507788") in said


async def test_a_person_whose_key_does_not_open_spoils_no_page(api, auditor):
    assert (await api.of("buyer", "lina").post("/carts")).status_code == 201
    with psycopg.connect(api.souk.settings.postgres_url) as db:
        spoilt = "UPDATE keys.subjects SET sealed_key = %s WHERE subject = 'lina'"
        assert db.execute(spoilt, [bytes(60)]).rowcount == 1
    await api.souk.keyring.destroy("bazaar", "nobody")  # so that no key is kept in memory
    (hers, *others) = (await told(auditor, "/events", context="carts"))["items"]
    assert (hers["actor"], hers["origin"]["ip"]) == ("lina", "")
    assert {each["actor"] for each in others} == {"karim"}
