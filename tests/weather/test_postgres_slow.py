"""Postgres that keeps everyone waiting: 503 at the deadline, and the process lives on."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import psycopg
import pytest

from adapters.postgres.pools import WAITING_PER_CONNECTION
from tests.support.http import running_api
from tests.support.patience import PATIENCE
from tests.weather.lag import measured
from tests.weather.returning import returning

HASTE = 1.0  # seconds
MANY = 100


@pytest.fixture
async def hasty(stack, database):
    """A Souk with little patience; the price of one product is changed again and again. ``calm``:
    the same for who comes back when they are told to, since a crowded machine is slow, too."""
    async with running_api(stack, database, patience=HASTE) as api:
        api.calm = returning(api)
        await api.calm.market("sara")
        api.product_id = api.calm.product_id = await api.calm.product("sara", "tea")
        yield api


@asynccontextmanager
async def held(database, *statements):
    """Locks held by somebody else for as long as the block runs."""
    async with await psycopg.AsyncConnection.connect(database) as other:
        for statement in statements:
            await other.execute(statement)
        yield
        await other.rollback()


HEAD = "SELECT FROM log.head FOR UPDATE"


def reprice(api, minor, key=None):
    body = {"price": {"amount": f"{minor}.00", "currency": "DZD"}}
    path = f"/catalog/products/{api.product_id}/price"
    return api.of("seller", "sara").post(path, body, key=key)


@asynccontextmanager
async def pressure(ask):
    """MANY of them wait all the while: for each that is answered comes another. The answers."""
    answers, over = [], asyncio.Event()

    async def waits(number):
        await asyncio.sleep(number * HASTE / 4 / MANY)  # their sending is no burst of its own
        while not over.is_set():
            answers.append(await ask(number))

    tasks = [asyncio.create_task(waits(number)) for number in range(MANY)]
    await asyncio.sleep(HASTE / 4)
    yield answers
    over.set()
    await asyncio.gather(*tasks)


async def alive(api):
    return (await api.http.get("/health/live")).status_code == 200


async def test_behind_a_lock_commands_are_answered_503_and_queries_go_on(
    hasty, database, record_property
):
    async with held(database, HEAD), measured(record_property, "behind a lock"):
        async with pressure(lambda n: reprice(hasty, n + 1, key=f"k{n}")) as answers:
            assert await alive(hasty)
            query = await hasty.calm.of("buyer", "bob").get(f"/catalog/products/{hasty.product_id}")
            assert query.status_code == 200
    assert {answer.status_code for answer in answers} == {503}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)


async def test_when_the_lock_is_gone_a_retry_carries_the_command_out_once(hasty, database):
    async with held(database, HEAD):
        assert (await reprice(hasty, 7, key="mine")).status_code == 503
    done = await reprice(hasty.calm, 7, key="mine")
    again = await reprice(hasty.calm, 7, key="mine")
    assert (done.status_code, done.json()) == (200, again.json())
    assert done.json()["version"] == 2  # made, then priced


async def test_queries_behind_a_lock_are_answered_503_and_the_rest_goes_on(
    hasty, database, record_property
):
    buyer = hasty.of("buyer", "bob")
    lock = "LOCK TABLE read.catalog_products IN ACCESS EXCLUSIVE MODE"
    async with held(database, lock), measured(record_property, "queries behind a lock"):
        async with pressure(lambda n: buyer.get("/catalog/products")) as answers:
            assert await alive(hasty)
            assert (await reprice(hasty.calm, 5)).status_code == 200
    assert {answer.status_code for answer in answers} == {503}
    calm = hasty.calm.of("buyer", "bob")
    assert (await calm.get("/catalog/products")).status_code == 200


async def test_an_exhausted_pool_is_a_503_and_not_a_hang(hasty):
    async with AsyncExitStack() as taken:
        pool = hasty.souk.log.pool
        for _ in range(pool.max_size):
            await taken.enter_async_context(pool.connection(PATIENCE))
        crowd = pool.max_size * WAITING_PER_CONNECTION + 50  # the last are turned away at once
        answers = await asyncio.gather(*(clear(hasty, uuid4()) for _ in range(crowd)))
        assert {answer.status_code for answer in answers} == {503}
        assert await alive(hasty)
    assert (await clear(hasty.calm, uuid4())).status_code == 404


def clear(api, cart):
    """Of a cart that nobody remembers, so that it has to be read."""
    return api.of("buyer", "bob").post(f"/carts/{cart}/clear")
