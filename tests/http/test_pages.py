"""Pages of other origins call the API if SOUK_ORIGINS names them, and no others do."""

import pytest

from entrypoints.http.app import http
from entrypoints.http.pages import ALLOWED, ASKED, shared
from tests.support.http import running_api

SHOP, OTHER = "https://shop.example", "https://other.example"
PATH = "/catalog/products"
NAMED = {"access-control-allow-origin": SHOP, "vary": "origin"}


@pytest.fixture
async def api(stack, database):
    origins = "https://b.example", SHOP
    async with running_api(stack, database, origins=origins) as running:
        await running.market("amina")
        yield running


def cross(answer):
    """What browsers go by."""
    names = ("access-control-", "vary")
    return {k: v for k, v in answer.headers.multi_items() if k.startswith(names)}


async def asked(api, origin, path=PATH, method="POST"):
    """As a browser does before it lets a page send: without the page's token."""
    wanted = {"origin": origin, "access-control-request-method": method}
    wanted["access-control-request-headers"] = "authorization,content-type,idempotency-key"
    return await api.http.options(f"/api/v1{path}", headers=wanted)


async def test_a_page_of_a_named_origin_is_told_without_a_token_what_it_may_send(api):
    answer = await asked(api, SHOP)
    assert (answer.status_code, answer.content) == (204, b"")
    assert cross(answer) == NAMED | {
        "access-control-allow-methods": "GET, HEAD, OPTIONS, POST",
        "access-control-allow-headers": ASKED.decode(),
        "access-control-max-age": "7200",
    }


@pytest.mark.parametrize("origin", [OTHER, "null", f"{SHOP}:8443", f"{SHOP}.evil.example", "x\xe9"])
async def test_a_page_of_any_other_is_told_nothing_of_it(api, origin):
    sent = origin.encode("latin-1")
    for answer in (
        await asked(api, sent),
        await api.of("buyer", "karim").send("GET", PATH, headers={"origin": sent}),
    ):
        assert answer.status_code in (200, 204)
        assert set(cross(answer)) <= {"vary"}
        assert "origin" not in answer.headers.get("vary", "")


async def test_a_page_of_a_named_origin_may_read_every_answer_and_every_refusal(api):
    seller, sent = api.of("seller", "amina"), {"origin": SHOP}
    large = {"content-type": "application/json", "idempotency-key": "k"}
    nul, body = f"{PATH}?page=%00", b" " * (10 * 1024 * 1024 + 1)
    statuses = [
        (await seller.send("GET", PATH, headers=sent), 200),
        (await seller.send("GET", PATH, headers=sent | {"if-none-match": "*"}), 304),
        (await seller.send("GET", PATH, headers=sent, params={"limit": 20}), 200),
        (await seller.send("POST", PATH, headers=sent | {"idempotency-key": "k"}, json={}), 400),
        (await seller.send("POST", PATH, headers=sent | large, content=body), 413),
        (await seller.send("POST", PATH, headers=sent, content=b"<a/>"), 415),
        (await seller.send("PUT", PATH, headers=sent), 405),
        (await seller.send("GET", nul, headers=sent), 400),
        (await seller.send("GET", "/nowhere", headers=sent), 404),
        (await seller.send("GET", "/media/public/bazaar/x/r1/a.webp", headers=sent), 404),
        (await api.http.get(f"/api/v1{PATH}", headers=sent), 401),
        (await api.http.get("/health/live", headers=sent), 200),
        (await api.http.get("/docs/openapi.json", headers=sent), 200),
    ]
    for answer, status in statuses:
        assert (answer.status_code, answer.headers.get("access-control-allow-origin")) == (
            status,
            SHOP,
        ), answer.url
        assert "origin" in answer.headers["vary"]
        told = answer.headers["access-control-expose-headers"].split(", ")
        assert {"etag", "retry-after", "x-correlation-id", "souk-as-of", "allow"} <= {*told}
        assert "access-control-allow-credentials" not in answer.headers


async def test_what_one_page_is_told_is_not_kept_for_the_next(api):
    buyer = api.of("buyer", "karim")
    for origin in (SHOP, OTHER, SHOP, None):
        answer = await buyer.send("GET", PATH, headers={"origin": origin} if origin else {})
        allowed = SHOP if origin == SHOP else None
        assert answer.headers.get("access-control-allow-origin") == allowed
        vary = "authorization, origin" if allowed else "authorization"
        assert answer.headers["vary"] == vary


def test_what_everyone_may_read_stays_so():
    everyone = {"type": "http.response.start", "headers": [(ALLOWED, b"*")]}
    assert shared({"method": "GET"}, SHOP.encode(), everyone, lambda: (SHOP,)) == ()


def test_every_header_that_a_route_takes_may_be_sent():
    taken = {
        parameter.field_alias.lower()
        for route in http(lambda: None).routes
        for _, model in route.route_handler_map.values()
        for parameter in model.expected_header_params
    }
    assert len(taken) > 3
    assert taken <= {*ASKED.decode().split(", ")}


async def test_whoever_asks_is_told_every_method_of_a_path(api):
    for path, methods in (
        (PATH, "GET, HEAD, OPTIONS, POST"),
        (f"{PATH}/01890000-0000-7000-8000-000000000000", "DELETE, GET, HEAD, OPTIONS"),
        ("/orders", "GET, HEAD, OPTIONS"),
    ):
        answer = await api.http.options(f"/api/v1{path}")
        assert (answer.status_code, answer.headers["allow"]) == (204, methods)
        assert cross(answer) == {}
    assert (await api.http.options("/api/v1/nowhere")).status_code == 404
