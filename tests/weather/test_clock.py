"""The wall clock steps back ten minutes, in Postgres and in Python: the log does not."""

import time
from urllib.parse import quote

import psycopg
import pytest

from adapters.projector.verify import counters, verify
from projections import PROJECTIONS
from tests.support.http import running_api
from tests.support.patience import PATIENCE

STEP = 600  # seconds
# Found before Postgres's own, by connections whose search_path says so.
CLOCK = """CREATE SCHEMA weather;
CREATE TABLE weather.step (back interval);
INSERT INTO weather.step VALUES ('0');
GRANT USAGE ON SCHEMA weather TO PUBLIC;
GRANT SELECT ON weather.step TO PUBLIC;
CREATE FUNCTION weather.clock_timestamp() RETURNS timestamptz LANGUAGE sql
    RETURN pg_catalog.clock_timestamp() - (SELECT back FROM weather.step);
CREATE FUNCTION weather.now() RETURNS timestamptz LANGUAGE sql
    RETURN pg_catalog.now() - (SELECT back FROM weather.step)"""
EVENTS = "SELECT position, recorded_at, event_id FROM log.events ORDER BY position"


class Clock:
    def __init__(self, database, patching):
        self._database, self._patching = database, patching

    def run(self, sql, *params):
        with psycopg.connect(self._database, autocommit=True) as superuser:
            cursor = superuser.execute(sql, params)
            return cursor.fetchall() if cursor.description else []

    def step_back(self):
        self.run("UPDATE weather.step SET back = make_interval(secs => %s)", STEP)
        for name, unit in (("time", 1), ("time_ns", 10**9)):
            real = getattr(time, name)
            self._patching.setattr(time, name, lambda real=real, unit=unit: real() - STEP * unit)


@pytest.fixture
def clock(database, monkeypatch):
    monkeypatch.setattr(counters, "SETTLING", PATIENCE)  # Valkey may be late, as anybody
    found = Clock(database, monkeypatch)
    found.run(CLOCK)
    return found


async def test_order_is_unharmed_and_everything_is_projected(stack, database, clock):
    url = f"{database}?options={quote('-c search_path=weather,pg_catalog,public')}"
    async with running_api(stack, url) as api:
        await api.market("sara")
        before = await api.product("sara", "tea", stock=5)
        (told,) = clock.run("SELECT max(recorded_at) FROM log.events")
        clock.step_back()
        after = await api.product("sara", "mug", stock=5)
        done = await api.of("seller", "sara").post(f"/inventory/{before}/receive", {"quantity": 1})
        position = done.json()["position"]
        for name in PROJECTIONS:
            await api.souk.positions.wait(name, position, PATIENCE)
        for product, stock in ((before, 6), (after, 5)):
            shown = await api.of("buyer", "bob").get(f"/catalog/products/{product}")
            assert shown.json()["available"] == stock
        differences = []
        valkey = api.souk.settings.valkey_url
        await verify(database, valkey, PROJECTIONS, _Silent(), differences.append)
        assert differences == []

    events = clock.run(EVENTS)
    positions, recorded, ids = zip(*events, strict=True)
    assert list(positions) == list(range(1, position + 1))
    assert list(recorded) == sorted(recorded)
    assert list(ids) == sorted(ids)
    assert recorded[-1] >= told[0]  # the log's own clock never steps back


class _Silent:
    def start(self, total): ...
    def advance(self, done): ...
