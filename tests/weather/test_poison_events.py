"""A poison event parks its stream: seen by whoever looks, and folded once it is cured."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from adapters.projector.projector import Projector
from projections import PROJECTIONS
from tests.support.commands import souk
from tests.support.http import running_api
from tests.support.patience import PATIENCE
from tests.support.poison import Poison

TAG = "catalog.product_created"
INEXACT = "projection catalog: `souk rebuild catalog` makes its rows exact\n"


@pytest.fixture
async def still(stack, database):
    """A Souk whose events nobody has folded yet."""
    async with running_api(stack, database, projecting=False) as api:
        await api.market("sara")
        yield api


@asynccontextmanager
async def projector(api):
    stop, settings = asyncio.Event(), api.souk.settings
    names = {name: PROJECTIONS[name] for name in ("catalog", "tenants")}
    role = Projector(settings.postgres_url, None, None, names)
    running = asyncio.create_task(role.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def made(api, *slugs):
    ids = [await api.product("sara", slug, stock=3) for slug in slugs]
    lags = await api.souk.positions.lags()
    return ids, max(lag.position + lag.events for lag in lags.values())


async def test_it_is_listed_and_shown_and_retried_after_the_cure(still, database):
    (bad, good), position = await made(still, "tea", "mug")
    poison = Poison(database, TAG)
    async with projector(still):
        await still.souk.positions.wait("catalog", position, PATIENCE)
        shown = (await still.http.get("/health/ready")).json()
        assert (shown["status"], shown["dead_letters"]) == ("degraded", {"catalog": 1})
        buyer = still.of("buyer", "bob")
        assert (await buyer.get(f"/catalog/products/{good}")).status_code == 200
        assert (await buyer.get(f"/catalog/products/{bad}")).status_code == 404

        listed = await souk(still, "deadletters", "list")
        (line,) = listed.stdout.splitlines()
        assert f"projection catalog: bazaar/catalog/{bad} at {poison.position}, {TAG}: " in line
        again = await souk(still, "deadletters", "retry")
        assert (again.exit_code, "1 still parked" in again.stdout) == (1, True)
        assert INEXACT not in again.stdout

        poison.cure()
        cured = await souk(still, "deadletters", "retry", "--projection", "catalog")
        assert (cured.exit_code, cured.stdout) == (0, f"{INEXACT}1 retried, none still parked\n")
        assert (await buyer.get(f"/catalog/products/{bad}")).status_code == 200
        assert (await still.http.get("/health/ready")).json()["dead_letters"] == {}
        assert (await souk(still, "deadletters", "list")).stdout == ""


async def test_what_waits_behind_it_is_counted_too(still, database):
    (bad,), _ = await made(still, "tea")
    Poison(database, TAG)
    price = {"price": {"amount": "9.00", "currency": "DZD"}}
    changed = await still.of("seller", "sara").post(f"/catalog/products/{bad}/price", price)
    async with projector(still):
        await still.souk.positions.wait("catalog", changed.json()["position"], PATIENCE)
        again = await souk(still, "deadletters", "retry")
    assert again.stdout.endswith("2 retried, 2 still parked\n")


async def test_one_tenant_or_projection_is_retried_alone(still, database):
    _, position = await made(still, "tea")
    poison = Poison(database, TAG)
    async with projector(still):
        await still.souk.positions.wait("catalog", position, PATIENCE)
    poison.cure()
    for words in (["--tenant", "other"], ["--projection", "tenants"]):
        assert (await souk(still, "deadletters", "list", *words)).stdout == ""
        assert "0 retried" in (await souk(still, "deadletters", "retry", *words)).stdout
    mine = await souk(still, "deadletters", "retry", "--tenant", "bazaar")
    assert mine.stdout == f"{INEXACT}1 retried, none still parked\n"


async def test_an_unknown_projection_is_refused_in_one_line(still):
    refused = await souk(still, "deadletters", "list", "--projection", "nonsense")
    assert (refused.exit_code, "Traceback" in refused.output) == (2, False)


async def test_no_rebuild_is_asked_for_where_no_row_is_found_by_its_content(still, database):
    _, position = await made(still, "tea")
    poison = Poison(database, "tenants.tenant_created")
    async with projector(still):
        await still.souk.positions.wait("tenants", position, PATIENCE)
    poison.cure()
    done = await souk(still, "deadletters", "retry", "--projection", "tenants")
    assert done.stdout == "1 retried, none still parked\n"
