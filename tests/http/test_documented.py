"""What the OpenAPI page says is what the code does: every code, every permission, every example."""

import ast
import asyncio
import threading
from pathlib import Path

import httpx
import msgspec
import pytest

from domain.permissions import RESOURCES
from entrypoints.http.app import http
from entrypoints.http.document import Described
from entrypoints.http.examples import BODIES
from entrypoints.http.routes import COMMAND
from projections import PROJECTIONS
from tests.support.http import application
from tests.support.http import page as openapi

TICKETS = "POST /api/v1/live/tickets"  # no command: it changes nothing that lasts
ROOT = Path(__file__).parents[2]
REFUSALS = ("Rejected", "Refused", "Missing", "Forbidden")
# What no request can run into: the use case makes these commands itself, by their rules.
UNREACHED = {
    "bulks.bulk_exists",
    "bulks.out_of_step",
    "categories.category_exists",
    "checkouts.checkout_exists",
    "checkouts.empty",
    "checkouts.seller_repeated",
    "comments.comment_exists",
    "comments.too_long",
    "costing.margin_out_of_range",
    "costing.product_exists",
    "engagement.nothing_counted",
    "erasures.reason_malformed",
    "erasures.subject_malformed",
    "inventory.already_extended",
    "inventory.already_reserved",
    "inventory.not_reserved",
    "materials.material_exists",
    "materials.note_too_long",
    "materials.price_negative",
    "materials.unknown_kind",
    "tenants.unknown_cost_basis",
    "media.asset_exists",
    "media.attached",
    "media.withheld",
    "media.changed_meanwhile",
    "media.kind_unknown",
    "media.largest_below_one",
    "negotiations.currency_mixed",
    "negotiations.negotiation_exists",
    "negotiations.note_too_long",
    "negotiations.quantity_out_of_range",
    "offers.breaks_missing",
    "offers.offer_exists",
    "offers.too_many_categories",
    "orders.empty",
    "orders.line_does_not_add_up",
    "orders.line_malformed",
    "orders.line_repeated",
    "orders.order_exists",
    "orders.shipping_negative",
    "payments.already_open",
    "payments.payment_exists",
    "payments.purpose_unknown",
    "payments.shares_differ",
    "payments.shares_malformed",
    "reels.reel_exists",
    "tenants.retention_out_of_range",
}
# What a purge says of things that it keeps, in an answer that is no refusal.
KEPT = {
    "catalog.not_retired",
    "categories.not_retired",
    "comments.not_removed",
    "costing.in_use",
    "costing.not_retired",
    "materials.in_use",
    "materials.not_retired",
    "reels.not_hidden",
}


@pytest.fixture
def api(town):
    return town.apart()


@pytest.fixture(scope="module")
def app():
    return application()[0]


@pytest.fixture(scope="module")
def page():
    return openapi()


def operations(page):
    for path, item in page["paths"].items():
        for method, operation in item.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield f"{method.upper()} {path}", operation


def refusals():
    """Every code that a rule or a use case refuses with, and where it stands."""
    for layer in ("domain", "application"):
        for file in sorted((ROOT / layer).rglob("*.py")):
            if "policies" in file.parts:
                continue
            for node in ast.walk(ast.parse(file.read_text())):
                name = getattr(getattr(node, "func", None), "id", None)
                if name in REFUSALS and node.args and isinstance(node.args[0], ast.Constant):
                    yield node.args[0].value, f"{file.relative_to(ROOT)}:{node.lineno}"


def test_every_refusal_is_on_the_page(page):
    told = " ".join(
        answer["description"]
        for _, operation in operations(page)
        for answer in operation["responses"].values()
    ).replace(",", " ")
    known = {*told.split(), *UNREACHED, *KEPT}
    missing = {code: where for code, where in refusals() if code not in known}
    assert missing == {}


def test_every_command_has_an_example_and_its_codes(page):
    lacking = []
    for name, operation in operations(page):
        if not name.startswith("POST /api/v1") or name == TICKETS:
            continue
        codes = set(operation["responses"])
        if not {str(status) for status in (400, 401, 403, *COMMAND)} <= codes:
            lacking.append(f"{name}: {sorted(codes)}")
        bodies = operation.get("requestBody", {"content": {}})["content"].values()
        lacking += [f"{name}: no example" for body in bodies if not body.get("examples")]
    assert lacking == []


def test_every_route_that_may_be_sent_a_body_says_how_one_is_refused(page):
    wanted, lacking = {"408", "413", "415"}, {}
    for name, operation in operations(page):
        if not name.startswith("GET ") and (missing := wanted - set(operation["responses"])):
            lacking[name] = missing
    assert lacking == {}


def test_every_route_may_be_asked_by_an_address_that_is_none(page):
    told = {
        name: operation["responses"].get("400", {}).get("description", "")
        for name, operation in operations(page)
    }
    assert [name for name, codes in told.items() if "malformed" not in codes] == []


def test_every_example_is_what_its_route_takes(app):
    for route in app.routes:
        for handler in route.route_handlers:
            if data := handler.parsed_fn_signature.parameters.get("data"):
                msgspec.convert(BODIES[data.annotation.__name__], data.annotation)


def test_every_route_names_its_permission_or_says_that_anyone_may(app):
    open_to_all = [
        str(handler)
        for route in app.routes
        if route.path.startswith("/api/v1")
        for handler in route.route_handlers
        if handler.handler_name != "options_handler"
        and not (handler.opt.get("permission") or handler.opt.get("anyone"))
    ]
    assert open_to_all == []


def test_every_permission_that_a_route_names_is_of_a_known_resource(app):
    wanted = {
        handler.opt["permission"]
        for route in app.routes
        for handler in route.route_handlers
        if handler.opt.get("permission")
    }
    unknown = {each for each in wanted if each.partition(":")[0] not in RESOURCES}
    assert unknown == set(), "each a line in RESOURCES of domain/permissions.py, and in its roles"


def test_every_query_waits_for_its_projection(app):
    for route in app.routes:
        for handler in route.route_handlers:
            if handler.opt.get("anyone") or handler.opt.get("unfolded"):
                continue
            if route.path.startswith("/api/v1") and "GET" in handler.http_methods:
                assert handler.opt.get("projection") in PROJECTIONS, route.path


async def test_the_page_is_made_once_and_beside_the_requests_however_many_ask_at_first(
    api, monkeypatch
):
    made, usual = [], Described.to_openapi_schema

    def noted(config):
        made.append(threading.current_thread())
        return usual(config)

    monkeypatch.setattr(Described, "to_openapi_schema", noted)
    transport = httpx.ASGITransport(http(lambda: api.souk))
    async with httpx.AsyncClient(transport=transport, base_url="http://souk") as client:
        nowhere = await client.get("/docs/nothing.json")
        assert nowhere.headers["content-type"] == "application/problem+json"
        assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
        assert made == [], "nobody has asked for it"
        paths = ["/docs/openapi.json", "/docs", "/docs/openapi.json"]
        first, _, second = await asyncio.gather(*map(client.get, paths))
        third = await client.get("/docs/openapi.json")
    assert [thread is threading.main_thread() for thread in made] == [False]
    assert first.content == second.content == third.content
    assert first.json() == msgspec.json.decode(msgspec.json.encode(openapi()))


async def test_the_page_is_served(api):
    assert (await api.http.get("/docs/openapi.json")).json()["openapi"].startswith("3.")
    assert (await api.http.get("/docs")).status_code == 200
