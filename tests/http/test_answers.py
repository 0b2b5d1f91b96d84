"""What every answer has in common, and what still works while a server is away."""

import asyncio
import uuid

import psycopg
import pytest

from tests.catalog.test_http import TEA
from tests.support.clocks import MINUTES, set_ahead
from tests.support.http import running_api
from tests.support.stack import free_ports

PATH = "/catalog/products"


@pytest.fixture
def api(town):
    return town.apart()


async def test_two_requests_with_one_key_at_once_are_carried_out_once(api):
    await api.market("amina")
    seller = api.of("seller", "amina")
    answers = await asyncio.gather(*(seller.post(PATH, TEA, key="k") for _ in range(8)))
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (201, answers[0].content)
    }
    after = answers[0].json()["position"]
    assert (await seller.get(PATH, after=after)).json()["pagination"]["total"] == 1


async def test_a_key_is_its_senders_and_its_routes_own(api):
    await api.market("amina", "basma")
    amina, basma = api.of("seller", "amina"), api.of("seller", "basma")
    first = (await amina.post(PATH, TEA, key="k")).json()
    other = (await basma.post(PATH, TEA | {"slug": "another-tea"}, key="k")).json()
    assert first["id"] != other["id"]
    retired = await amina.post(f"{PATH}/{first['id']}/retire", key="k")
    assert (retired.status_code, retired.json()["version"]) == (200, 2)


async def test_nothing_is_the_same_to_a_key_however_it_is_sent(api):
    """A cart is opened by a command that takes no body."""
    karim, answers = api.of("buyer", "karim"), []
    for body in (b"", b"{}", b" { } ", b"null", b"[]", b" \r\n\t"):
        headers = {"content-type": "application/json", "idempotency-key": "k"}
        answers.append(await karim.send("POST", "/carts", headers=headers, content=body))
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (201, answers[0].content)
    }


async def test_a_refused_command_may_be_sent_again_with_its_key(api):
    await api.market("amina")
    seller = api.of("seller", "amina")
    wrong = TEA | {"slug": "No Slug"}
    assert (await seller.post(PATH, wrong, key="k")).status_code == 422
    assert (await seller.post(PATH, TEA, key="k")).status_code == 201


async def test_a_command_without_news_answers_where_it_stands(api):
    await api.market("amina")
    seller = api.of("seller", "amina")
    made = (await seller.post(PATH, TEA)).json()
    again = await seller.post(f"{PATH}/{made['id']}/restore")
    assert (again.status_code, again.json()) == (200, made)


async def test_every_answer_names_its_correlation_and_is_not_sniffed_nor_told_on(api):
    client, sent = api.of("buyer", "karim"), str(uuid.uuid4())
    for path, status in ((PATH, 200), ("/nowhere", 404), (f"{PATH}/1", 404), ("/health/live", 200)):
        answer = await client.send("GET", path, headers={"x-correlation-id": sent})
        assert (answer.status_code, path) == (status, path)
        assert answer.headers["x-correlation-id"] == sent, path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "no-referrer", path
    own = await client.send("GET", PATH, headers={"x-correlation-id": "no uuid"})
    assert uuid.UUID(own.headers["x-correlation-id"])


async def test_what_a_caller_reads_is_not_cached_for_another(api):
    await api.market("amina")
    answer = await api.of("buyer", "karim").get(PATH)
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["vary"] == "authorization"


async def test_two_tenants_do_not_share_a_tag_or_an_answer(api):
    await api.market("amina")
    await api.market("amina", tenant="souk2")
    tea = await api.product("amina", "tea")
    made = await api.of("seller", "amina").post(f"{PATH}/{tea}/minimum", {"quantity": 2})
    here = await api.of("buyer", "k").get(PATH, after=made.json()["position"])
    unless = {"if-none-match": here.headers["etag"]}
    there = await api.of("buyer", "k", "souk2").send("GET", PATH, headers=unless)
    assert (there.status_code, there.json()["items"]) == (200, [])


async def test_the_health_pages_are_one_and_count_every_projection(api, unhurried):
    await api.market("amina")
    for path in ("/health/ready", "/health", "/api/health"):
        answer = await api.http.get(path)
        told = answer.json()
        assert (answer.status_code, told["parked"]) == (200, 0)
        assert {"catalog", "orders", "payments", "carts", "inventory"} <= told["projections"].keys()
        assert all(lag["events"] >= 0 for lag in told["projections"].values())


@pytest.mark.parametrize(("late", "status"), [(3600.0, "ok"), (0.0, "degraded")])
async def test_lag_shows_when_nobody_folds(
    stack, database, unhurried, monkeypatch, s3, late, status
):
    monkeypatch.setattr("entrypoints.http.health.LATE", late)
    async with running_api(stack, database, projecting=False, s3_url=s3) as api:
        await api.market("amina")
        told = (await api.http.get("/health/ready")).json()
        assert told["projections"]["catalog"]["events"] > 0
        assert told["status"] == status


async def test_tables_of_a_newer_version_than_the_code_are_named(stack, database, unhurried, s3):
    newer = "UPDATE read.projections SET version = 1000 WHERE name = 'bulks'"
    with psycopg.connect(database, autocommit=True) as db:
        db.execute(newer)
    async with running_api(stack, database, s3_url=s3) as api:
        told = (await api.http.get("/health/ready")).json()
        assert (told["newer"], told["status"]) == ({"bulks": 1000}, "degraded")


async def test_a_clock_that_is_wrong_is_told(stack, database, unhurried, s3):
    async with running_api(stack, set_ahead(database), s3_url=s3) as api:
        told = (await api.http.get("/health/ready")).json()
        assert (round(told["clock"] / 60), told["status"]) == (-MINUTES, "degraded")


async def test_without_postgres_it_lives_and_is_not_ready(stack, database):
    (nobody,) = free_ports(1)
    away = {"postgres_url": f"postgresql://postgres@127.0.0.1:{nobody}/postgres", "patience": 2.0}
    async with running_api(stack, database, projecting=False, **away) as api:
        assert (await api.http.get("/health/live")).status_code == 200
        ready = await api.http.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
        buyer = api.of("buyer", "karim")
        for answer in await asyncio.gather(buyer.get(PATH), api.of("seller", "a").post(PATH, TEA)):
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("away", ["valkey", "nats"])
async def test_without_valkey_or_nats_everything_is_answered(stack, database, away, unhurried):
    (nobody,) = free_ports(1)
    scheme = {"valkey": "redis", "nats": "nats"}[away]
    more = {f"{away}_url": f"{scheme}://127.0.0.1:{nobody}"}
    async with running_api(stack, database, **more) as api:
        await api.market("amina")
        seller = api.of("seller", "amina")
        made = (await seller.post(PATH, TEA)).json()
        assert (await seller.get(f"{PATH}/{made['id']}", after=made["position"])).status_code == 200
        ready = await api.http.get("/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        assert ready.json()["checks"][away]["status"] == "away"
