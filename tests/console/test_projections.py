"""Projections over HTTP: how they stand, what is parked, and trying it again."""

import asyncio
from contextlib import asynccontextmanager
from uuid import uuid4

import psycopg
import pytest

from adapters.projector.projector import Projector
from projections import PROJECTIONS
from tests.support.http import running_api
from tests.support.patience import PATIENCE
from tests.support.poison import Poison

TAG = "catalog.product_created"
CARD = {"payments": [{"method": "card"}]}


@pytest.fixture(scope="module")
async def api(stack, new_database):
    """Nobody folds, but for those whom a test starts."""
    database = new_database()
    async with running_api(stack, database, projecting=False) as api:
        await api.market("amina")
        await api.market("zoe", tenant="other")
        yield api
    stack.drop(database)


@asynccontextmanager
async def folding(api, *names):
    stop = asyncio.Event()
    some = {name: PROJECTIONS[name] for name in names}
    role = Projector(api.souk.settings.postgres_url, None, None, some)
    running = asyncio.create_task(role.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


def run(api, sql, *params):
    with psycopg.connect(api.souk.settings.postgres_url, autocommit=True) as owner:
        return owner.execute(sql, params)


async def told(client, path=""):
    answer = await client.get(f"/projections{path}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    return answer.json()


async def letters(api, tenant="bazaar"):
    return (await told(api.of("auditor", "nadia", tenant), "/dead-letters"))["items"]


@pytest.mark.parametrize("path", ["", "/dead-letters", "/throughput"])
async def test_auditors_and_admins_may_see_and_others_may_not(api, path):
    for role, status in (("buyer", 403), ("seller", 403), ("auditor", 200), ("admin", 200)):
        assert (await api.of(role, "x").get(f"/projections{path}")).status_code == status


@pytest.mark.parametrize("path", ["/projections/catalog", "/policies/stock"])
async def test_only_admins_may_try_again(api, path):
    for role, status in (("seller", 403), ("auditor", 403), ("admin", 200)):
        answer = await api.of(role, "x").post(f"{path}/dead-letters/retry")
        assert answer.status_code == status, answer.text
    assert answer.json() == {"done": 0, "left": 0, "rebuild": False}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/projections/stock", "projections.unknown_projection"),
        ("/policies/catalog", "policies.unknown_policy"),
    ],
)
async def test_there_must_be_one_of_that_name(api, path, code):
    answer = await api.of("admin", "root").post(f"{path}/dead-letters/retry")
    assert (answer.status_code, answer.json()["code"]) == (404, code)


async def test_each_projection_says_how_far_it_is_behind(api):
    standing = await told(api.of("auditor", "nadia"))
    assert {each["name"] for each in standing["items"]} == set(PROJECTIONS)
    for each in standing["items"]:
        assert each["version"] == PROJECTIONS[each["name"]].VERSION
        assert each["behind"] == standing["head"] - each["position"]
        assert each["building"] is None


async def test_what_could_not_be_folded_is_told_to_its_tenant_and_folded_after_the_cure(api):
    bad = await api.product("amina", "tea", stock=3)
    await api.product("zoe", "tea", tenant="other")
    poison = Poison(api.souk.settings.postgres_url, TAG)
    admin = api.of("admin", "root")
    async with folding(api, "catalog", "tenants"):
        await api.souk.positions.wait("catalog", (await told(admin))["head"], PATIENCE)
        (letter,) = await letters(api)
        assert (letter["kind"], letter["name"], letter["position"]) == (
            "projection",
            "catalog",
            poison.position,
        )
        assert letter["stream"] == f"bazaar/catalog/{bad}"
        assert await letters(api, "other") == []
        counts = {each["name"]: each["dead_letters"] for each in (await told(admin))["items"]}
        assert (counts["catalog"], counts["tenants"]) == (1, 0)

        path = "/projections/catalog/dead-letters/retry"
        others = await api.of("admin", "root", "other").post(path)
        assert others.json() == {"done": 0, "left": 0, "rebuild": False}
        assert (await admin.post(path)).json() == {"done": 0, "left": 1, "rebuild": False}
        poison.cure()
        assert (await admin.post(path)).json() == {"done": 1, "left": 0, "rebuild": True}
        assert await letters(api) == []
        assert (await admin.get(f"/catalog/products/{bad}")).status_code == 200


async def test_a_reaction_that_failed_is_told_and_carried_out_once_more(api):
    product = await api.product("amina", f"mug-{uuid4().hex[:8]}", stock=5)
    buyer, admin = api.of("buyer", "karim"), api.of("admin", "root")
    cart = (await buyer.post("/carts")).json()["id"]
    await buyer.post(f"/carts/{cart}/items", {"product": product, "quantity": 2})
    placed = (await buyer.post(f"/carts/{cart}/check-out", CARD)).json()
    order = placed["orders"][0]["id"]
    done = await admin.post(f"/orders/{order}/cancel", {"reason": "changed_mind"})
    assert done.status_code == 200, done.text
    parked = "INSERT INTO policies.outcomes (tenant, policy, position, outcome, code, detail)"
    values = " VALUES ('bazaar', 'stock', %s, 'parked', 'RuntimeError', '')"
    run(api, parked + values, done.json()["position"])

    (letter,) = await letters(api)
    assert (letter["kind"], letter["name"], letter["tag"]) == (
        "policy",
        "stock",
        "orders.order_cancelled",
    )
    path = "/policies/stock/dead-letters/retry"
    others = await api.of("admin", "root", "other").post(path)
    assert others.json() == {"done": 0, "left": 0, "rebuild": False}
    assert (await admin.post(path)).json() == {"done": 1, "left": 0, "rebuild": False}
    assert await letters(api) == []
    released = await api.souk.log.read("bazaar", [f"bazaar/inventory/{product}"])
    (tags,) = [[each.tag for each in events] for events in released.values()]
    assert tags.count("inventory.stock_released") == 1
