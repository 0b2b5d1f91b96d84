"""Postgres that stands still, as a machine that hangs does: connections stay, and nothing comes.
Who asks hears 503 all the same, while it still does."""

import asyncio
import os
import select
import signal
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
import pytest

from adapters.embedded.ports import free_ports
from adapters.health import Health
from adapters.postgres.pools import PROJECT, READ, borrow, lasts, open_pool
from adapters.schema import establish
from application.ports import Unavailable
from projections import PROJECTIONS
from tests.support.http import running_api
from tests.support.patience import PATIENCE
from tests.support.stack import HOMES, memory, start_postgres
from tests.weather.returning import returning

HASTE = 0.5  # seconds
WRITERS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'souk-committer'"
MANY = 1_200  # readers at once: some questions for each that is asked at the same time


class Server:
    """A Postgres of one's own; ``url``: of its superuser."""

    def __init__(self, home: Path, port: int) -> None:
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._pidfile = home / "postgres" / "postmaster.pid"

    @contextmanager
    def frozen(self):
        """The server and all that it began stand still for as long as the block runs."""
        head = psutil.Process(int(self._pidfile.read_text().split()[0]))
        head.send_signal(signal.SIGSTOP)  # first: it begins no others
        stopped = [head, *head.children()]
        try:
            send(signal.SIGSTOP, stopped)
            yield
        finally:
            send(signal.SIGCONT, stopped)


def send(number, processes):
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # it was just ending
            process.send_signal(number)


@pytest.fixture(scope="module")
def server():
    home = Path(tempfile.mkdtemp(prefix=f"{HOMES}{os.getpid()}-", dir=memory()))
    home.chmod(0o755)
    with ExitStack() as stop:
        (port,) = free_ports(1)
        start_postgres(stop, home, port)
        yield Server(home, port)


@pytest.fixture(scope="module")
async def hasty(stack, server):
    """A Souk with little patience; ``calm``: the same for who comes back when they are told to."""
    await establish(server.url, PROJECTIONS)
    async with running_api(stack, server.url, patience=HASTE) as api:
        api.calm = returning(api)
        await api.calm.market("sara")
        yield api


async def test_many_queries_at_once_are_answered_503_while_postgres_stands_still(hasty, server):
    buyer = hasty.of("buyer", "bob")
    with server.frozen():
        answers = await asyncio.gather(*(buyer.get(f"/orders/{uuid4()}") for _ in range(MANY)))
    assert {answer.status_code for answer in answers} == {503}


async def test_who_waits_for_a_list_that_another_asked_for_is_answered_503_too(hasty, server):
    buyer = hasty.of("buyer", "bob")
    with server.frozen():
        answers = await asyncio.gather(*(buyer.get("/catalog/products") for _ in range(3)))
    assert {answer.status_code for answer in answers} == {503}


async def test_commands_are_answered_503_whether_their_callers_keys_are_in_memory_or_not(
    hasty, server
):
    bob, ann = hasty.of("buyer", "bob"), hasty.of("buyer", str(uuid4()))
    made = await hasty.calm.of("buyer", "bob").post("/carts")  # so that his is there
    assert made.status_code == 201
    with server.frozen():
        answers = await asyncio.gather(bob.post("/carts"), ann.post("/carts"))
    assert [answer.status_code for answer in answers] == [503, 503]


async def test_who_comes_back_once_it_moves_again_is_served_and_nothing_happened_twice(
    hasty, server
):
    sara, key = hasty.of("seller", "sara"), str(uuid4())
    body = {"name": "Tea", "slug": f"tea-{key}", "price": {"amount": "1.00", "currency": "DZD"}}
    with server.frozen():
        assert (await sara.post("/catalog/products", body, key)).status_code == 503
    calm = hasty.calm.of("seller", "sara")
    made = await calm.post("/catalog/products", body, key)
    assert made.status_code == 201
    assert (await calm.post("/catalog/products", body, key)).json() == made.json()
    path, after = f"/catalog/products/{made.json()['id']}", made.json()["position"]
    assert (await calm.get(path, after=after)).json()["version"] == 1


async def test_the_log_goes_on_by_another_connection_where_the_one_it_writes_by_stands_still(
    hasty, server
):
    members, key, calm = "/identity/members", str(uuid4()), hasty.calm.of("admin", "root")
    assert (await calm.post(members, {"user": "uma", "role": "buyer"})).status_code == 201
    async with await psycopg.AsyncConnection.connect(server.url) as db:
        writers = [psutil.Process(pid) for (pid,) in await (await db.execute(WRITERS)).fetchall()]
    body = {"user": "ulf", "role": "buyer"}
    try:
        send(signal.SIGSTOP, writers)
        refused = await hasty.of("admin", "root").post(members, body, key)
        made = await calm.post(members, body, key)
    finally:
        send(signal.SIGCONT, writers)
    assert (refused.status_code, made.status_code) == (503, 201)


async def test_whoever_asks_postgres_hears_that_it_is_away_and_nobody_is_given_what_was_cut(server):
    pool = await open_pool(server.url, READ, size=1, name="cut", timeout=PATIENCE)
    pool.timeout = PATIENCE
    async with borrow(pool) as db:
        db.limit = HASTE
    with server.frozen(), pytest.raises(Unavailable):
        async with borrow(pool) as db:
            await db.execute("SELECT 1")
    async with borrow(pool) as another:
        assert another is not db
        assert await (await another.execute("SELECT 1")).fetchone() == (1,)
    await pool.close()


async def test_health_is_told_while_postgres_stands_still_and_only_one_goes_on_asking(
    hasty, server, monkeypatch
):
    monkeypatch.setattr("adapters.health.PATIENCE", PATIENCE)
    pool = await open_pool(server.url, PROJECT, size=2, name="health", timeout=PATIENCE)
    ask = Health(hasty.souk.settings, pool)
    assert (await ask())["postgres"].status == "ok"
    with server.frozen():
        monkeypatch.setattr("adapters.health.PATIENCE", 0.1)
        told = [await ask() for _ in range(3)]
        asking = [task for task in asyncio.all_tasks() if task.get_name() == "souk-health-postgres"]
    assert {found["postgres"].status for found in told} == {"away"}
    assert len(asking) == 1
    monkeypatch.setattr("adapters.health.PATIENCE", PATIENCE)
    await asyncio.wait(asking)
    assert (await ask())["postgres"].status == "ok"
    await ask.close()
    await pool.close()


async def test_a_connection_is_not_cut_whose_answer_is_there_and_only_read_late(server):
    pool = await open_pool(server.url, READ, size=1, name="late", timeout=PATIENCE, limit=0.2)
    async with borrow(pool) as db:
        asking = asyncio.create_task(db.execute("SELECT 1"))
        await asyncio.sleep(0)  # it is sent
        select.select([db.fileno()], [], [], PATIENCE)
        time.sleep(0.3)  # noqa: ASYNC251 - as if this process had other work
        assert await (await asking).fetchone() == (1,)
        assert lasts(db)
    await pool.close()


async def test_a_pipeline_may_take_as_long_as_anyone_waits_for_what_is_in_it(server):
    pool = await open_pool(server.url, READ, size=1, name="piped", timeout=PATIENCE, limit=0.5)
    async with borrow(pool) as db, db.pipeline():
        asked = [await db.execute("SELECT 1 FROM pg_sleep(0.3)") for _ in range(4)]
        assert [await each.fetchone() for each in asked] == [(1,)] * 4
    await pool.close()
