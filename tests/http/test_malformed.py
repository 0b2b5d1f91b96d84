"""Whatever is sent, it is refused politely: a 4xx with a code, never a failure of ours."""

import asyncio
import json
import re

import pytest

from tests.catalog.test_http import TEA
from tests.support.http import page
from tests.support.patience import PATIENCE

PATH = "/catalog/products"
JSON = {"content-type": "application/json"}
NOBODY = "018f2f0e-6f3c-7c1e-9a51-0e7a4b6f1a2d"
NOTHING_AT_ALL = "x" * 9000  # no number, no day, no word of any list, and too long
BODIES = {
    "nothing": b"",
    "not JSON": b"{",
    "a number": b"1",
    "null": b"null",
    "a list": b"[]",
    "no UTF-8": b'{"name":"\xff\xfe"}',
    "deep": b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "twice": b"{}{}",
    "NaN": b'{"name": NaN}',
    "a BOM": b"\xef\xbb\xbf{}",
}
FIELDS = {
    "a lone surrogate": {"name": "\ud800"},
    "a lone surrogate in a slug": {"slug": "\udfff"},
    "a NUL": {"name": "a\0b"},
    "a NUL in a slug": {"slug": "a\0b"},
    "a NUL in a text": {"description": "a\0b"},
    "an integer beyond 64 bits": {"min_order_quantity": 2**64},
    "an integer far beyond": {"min_order_quantity": 10**400},
    "a negative one far beyond": {"min_order_quantity": -(10**30)},
    "a fraction": {"min_order_quantity": 1.5},
    "infinity in disguise": {"min_order_quantity": 1e308},
    "an amount that is a number": {"price": {"amount": 12.5, "currency": "DZD"}},
    "an exponent": {"price": {"amount": "1e9", "currency": "DZD"}},
    "other digits": {"price": {"amount": "\u0661\u0662", "currency": "DZD"}},
    "a newline after the amount": {"price": {"amount": "1\n", "currency": "DZD"}},
    "too many digits": {"price": {"amount": "1.001", "currency": "DZD"}},
    "too much": {"price": {"amount": "9" * 30, "currency": "DZD"}},
    "no currency": {"price": {"amount": "1", "currency": ""}},
    "a currency with a NUL": {"price": {"amount": "1", "currency": "D\0D"}},
    "a field we do not know": {"colour": "green"},
    "a name that is too long": {"name": "x" * 201},
    "a slug that is none": {"slug": "Mint Tea"},
    "nobody's name": {"name": ""},
}


@pytest.fixture
def api(town):
    return town.apart()


async def test_a_body_that_is_no_product_is_refused(api):
    await api.market("amina")
    seller = api.of("seller", "amina")
    headers = {"content-type": "application/json", "idempotency-key": "k"}
    for what, body in BODIES.items():
        answer = await seller.send("POST", PATH, headers=headers, content=body)
        assert (answer.status_code, what) == (400, what), answer.text[:300]
        assert_problem(answer, what)
        if what == "nothing":
            assert answer.json()["detail"] == "body: a JSON object is wanted"
    nothing = await seller.post(PATH, {})
    assert nothing.json()["detail"] == "body: Object missing required field `name`"


async def test_a_field_out_of_bounds_is_refused(api):
    await api.market("amina")
    seller = api.of("seller", "amina")
    for what, field in FIELDS.items():
        body = json.dumps(TEA | field).encode()  # escapes what UTF-8 cannot hold
        headers = {"content-type": "application/json", "idempotency-key": what}
        answer = await seller.send("POST", PATH, headers=headers, content=body)
        assert answer.status_code in (400, 422), (what, answer.text[:300])
        assert_problem(answer, what)
    assert (await seller.post(PATH, TEA)).status_code == 201


async def test_half_a_surrogate_pair_is_not_taken_for_half_a_body(api):
    await api.market("amina")
    headers = {"content-type": "application/json", "idempotency-key": "k"}
    for body, detail in (
        (b'{"name":"\\ud800"}', "a text holds half a surrogate pair"),
        (b'"\\uDBFF" ', "a text holds half a surrogate pair"),
        (b'{"name":"\\ud800"', "Input data was truncated"),
        (b'{"name":"tea', "Input data was truncated"),
        (b"{", "Input data was truncated"),
    ):
        answer = await api.of("seller", "amina").send("POST", PATH, headers=headers, content=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), body
        assert answer.json()["detail"] == detail, body


async def test_an_url_that_cannot_be_read_is_refused(api):
    await api.market("amina")
    buyer = api.of("buyer", "karim")
    for query in (
        "search=%00%00",
        "search=a",
        f"search={'x' * 101}",
        "page=0",
        "page=-1",
        "page=x",
        f"page={10**30}",
        "limit=11",
        "limit=0",
        "after=-1",
        f"after={2**63}",
        f"after={10**400}",
    ):
        answer = await buyer.send("GET", f"{PATH}?{query}")
        assert (answer.status_code, query) == (400, query), answer.text
        assert_problem(answer, query)
    for path in ("1", "%00", "not-a-uuid", "%ff%fe", "..%2f..", "00000000-0000-0000-0000"):
        answer = await buyer.send("GET", f"{PATH}/{path}")
        assert answer.status_code in (400, 404), path
        assert_problem(answer, path)
    for query in ("search=%ed%a0%80", "search=%ff%ff", "%f3=tea"):
        answer = await buyer.send("GET", f"{PATH}?{query}")
        assert (answer.status_code, query) == (400, query), answer.text
        assert_problem(answer, query)
        assert answer.json()["detail"] == "the URL is not UTF-8"
    for query in ("search=%25%25", "search=__"):
        assert (await buyer.send("GET", f"{PATH}?{query}")).status_code in (200, 400), query


async def test_an_address_with_a_nul_in_it_is_refused_without_a_token_too(api):
    for path in ("/health", "/health/live", "/health/ready", "/.well-known/jwks.json"):
        answer = await api.http.get(f"{path}?%00")
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), path


async def test_a_parameter_that_is_missing_is_named_and_nothing_that_was_sent(api):
    answer = await api.of("buyer", "karim").send("GET", "/reels/liked?axis=recorded")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert answer.json()["detail"] == "Missing required query parameter 'reel'"


async def test_a_time_is_taken_in_any_zone_if_it_is_of_any_year(api):
    auditor = api.of("auditor", "noor")
    for moment, status in (
        ("2026-11-22T11:00:00+23:59", 200),
        ("2026-11-22T11:00:00", 200),
        ("0001-01-01T00:00:00+14:00", 400),
        ("9999-12-31T23:59:59-14:00", 400),
    ):
        answer = await auditor.get("/audit/events", recorded_from=moment)
        assert (answer.status_code, moment) == (status, moment), answer.text


async def test_a_command_without_a_body_ignores_none_and_takes_an_empty_one(api):
    await api.market("amina")
    tea = await api.product("amina", "tea")
    amina = api.of("seller", "amina")

    async def retire(body):
        return await amina.send("POST", f"{PATH}/{tea}/retire", headers=JSON, content=body)

    async def pieces():
        yield b'{"reason":'
        yield b'"sold out"}'

    before = await api.souk.positions.head()
    for body in (b'{"reason":"sold out"}', b"not json", b"[1]", b'""', pieces()):
        refused = await retire(body)
        assert (refused.status_code, refused.json()["code"]) == (400, "malformed"), body
        assert refused.json()["detail"] == "body: nothing is to be sent here"
    assert await api.souk.positions.head() == before
    for body in (b"", b"{}", b" { } ", b"null", b"[]", b" \r\n\t"):
        assert (await retire(body)).status_code == 200, body


async def test_what_no_route_takes_is_a_problem_too(api):
    seller = api.of("seller", "amina")
    for method, path, status, code in (
        ("GET", "/nowhere", 404, "not_found"),
        ("PUT", PATH, 405, "method_not_allowed"),
        ("TRACE", PATH, 405, "method_not_allowed"),
    ):
        answer = await seller.send(method, path)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert_problem(answer, path)
    assert "POST" in (await seller.send("PUT", PATH)).headers["allow"]


async def test_a_body_that_is_not_json_is_an_unsupported_media_type(api):
    seller = api.of("seller", "amina")
    for kind in ("text/plain", "application/xml", "multipart/form-data", ""):
        headers = {"content-type": kind, "idempotency-key": "k"}
        answer = await seller.send("POST", PATH, headers=headers, content=b"{}")
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_a_body_over_ten_megabytes_is_too_large(api):
    seller = api.of("seller", "amina")
    headers = {"content-type": "application/json", "idempotency-key": "k"}
    body = b'{"name":"' + b"x" * (10 * 1024 * 1024) + b'"}'
    answer = await seller.send("POST", PATH, headers=headers, content=body)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_body_that_does_not_come_is_not_awaited_for_ever(api, monkeypatch):
    """Nor one that stops half-way: else some who vanished would hold every connection."""
    monkeypatch.setattr("entrypoints.http.edge.BODY", 0.05)
    seller = api.of("seller", "amina")
    headers = {"content-type": "application/json", "idempotency-key": "k"}
    for begun in (b"", b"{"):

        async def stalled(begun=begun):
            yield begun
            await asyncio.Event().wait()

        async with asyncio.timeout(PATIENCE):
            answer = await seller.send("POST", PATH, headers=headers, content=stalled())
        assert (answer.status_code, answer.json()["code"]) == (408, "too_slow")


async def test_a_key_is_needed_to_create_and_has_its_limits(api):
    seller = api.of("seller", "amina")
    for headers in ({}, {"idempotency-key": ""}, {"idempotency-key": "x" * 256}):
        answer = await seller.send("POST", PATH, headers=headers, json=TEA)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


async def test_a_failure_of_ours_tells_its_correlation_and_nothing_else(api, monkeypatch):
    def broken(*_):
        raise RuntimeError("the secret is sesame")

    monkeypatch.setattr("entrypoints.http.views.View.page", broken)
    correlation = "6f1c2b9e-6f0a-4b8e-9a53-0a4c7a0a9a11"
    sent = {"x-correlation-id": correlation}
    await api.market("amina")
    answer = await api.of("buyer", "karim").send("GET", PATH, headers=sent)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "sesame" not in answer.text
    assert answer.headers["x-correlation-id"] == correlation


def assert_problem(answer, what):
    assert answer.headers["content-type"].startswith("application/problem+json"), what
    problem = answer.json()
    assert {"type", "title", "status", "code", "instance"} <= problem.keys(), what
    assert problem["status"] == answer.status_code, what
    assert problem["type"].endswith(problem["code"]), what


async def test_a_parameter_that_a_route_does_not_know_is_refused(api):
    """Whoever misspells a filter would take everything for what was asked."""
    await api.market("amina")
    tea = await api.product("amina", "tea")
    karim, amina = api.of("buyer", "karim"), api.of("seller", "amina")
    refused = await karim.get("/orders", stauts="pending")
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")
    assert refused.json()["detail"] == "stauts: no such parameter"
    assert (await karim.get("/catalog/products", **{"fields.hue": "red"})).status_code == 400
    assert (await karim.get("/catalog/products", **{"field.hue": "red"})).status_code == 200
    assert (await amina.post(f"/catalog/products/{tea}/retire?x")).status_code == 400
    after = await api.souk.positions.head()
    assert (await karim.get(f"/catalog/products/{tea}", after=after)).status_code == 200
    assert (await api.http.get("/health/live", params={"at": "now"})).status_code == 200


async def test_a_parameter_is_sent_once_unless_a_route_takes_several(api):
    """Which of the two counts is not to be guessed."""
    karim, noor = api.of("buyer", "karim"), api.of("auditor", "noor")
    for client, path in (
        (karim, "/orders?limit=10&limit=20"),
        (karim, "/orders?status=pending&status=pending"),
        (karim, "/catalog/products?field.hue=red&field.hue=blue"),
        (noor, "/audit/events?tag=x&tag=y"),
    ):
        refused = await client.send("GET", path)
        assert (refused.status_code, refused.json()["code"]) == (400, "malformed"), path
        assert refused.json()["detail"].endswith(": sent twice"), path
    reel = "018f2f0e-6f3c-7c1e-9a51-0e7a4b6f1a2d"
    assert (await karim.send("GET", f"/reels/liked?reel={reel}&reel={reel}")).status_code == 200


async def test_whose_is_asked_for_is_a_name_on_every_route(api):
    admin = api.of("admin", "root")
    for path in ("/inventory", "/inventory/dashboard", "/offers", "/analytics/top-products"):
        whose = "owner" if path.endswith("dashboard") else "seller"
        refused = await admin.get(path, **{whose: "no body's name"})
        assert (refused.status_code, refused.json()["code"]) == (400, "malformed"), path


async def test_a_refusal_is_logged_with_its_status_whichever_layer_it_comes_from(api, monkeypatch):
    logged = []
    monkeypatch.setattr("entrypoints.logs.request", lambda *line: logged.append(line[:3]))
    karim = api.of("buyer", "karim")
    await karim.get("/orders", stauts="pending")
    await karim.get("/orders", page=0)
    await api.http.get("/api/v1/orders")
    orders = "GET", "/api/v1/orders"
    assert logged == [(*orders, 400), (*orders, 400), (*orders, 401)]


async def test_what_is_wrong_with_a_parameter_is_told_by_the_name_it_is_sent_by(api):
    """Every parameter of every query, each given what it cannot be."""
    client, told, strange = api.of("admin", "root"), set(), []
    for path, item in page()["paths"].items():
        known = [each for each in item.get("get", {}).get("parameters", ()) if each["in"] != "path"]
        needed = {each["name"] for each in known if each.get("required")}
        for each in known:
            sent = [p for p in known if p["name"] in needed | {each["name"]}]
            query = {p["name"]: NOTHING_AT_ALL for p in sent if p["in"] == "query"}
            headers = {p["name"]: NOTHING_AT_ALL for p in sent if p["in"] == "header"}
            url = re.sub(r"{[^}]*}", NOBODY, path.removeprefix("/api/v1"))
            answer = await client.send("GET", url, headers=headers, params=query)
            if answer.status_code != 400:
                continue
            details = answer.json().get("detail", "").split("; ")
            names = {name for name, colon, _ in (d.partition(": ") for d in details) if colon}
            told |= names
            strange += [(path, name) for name in names - {p["name"] for p in known}]
    assert strange == []
    assert told >= {"as", "from", "to", "after", "reel", "seller", "Souk-After", "Souk-Purpose"}
