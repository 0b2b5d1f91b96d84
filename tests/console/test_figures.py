"""What the charts show: throughput as counted by hand, and sales of all sellers by day."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from msgspec.structs import replace

from adapters.log.throughput import STEPS, throughput
from adapters.postgres.pools import PROJECT, open_pool
from domain.engagement import ViewsCounted
from tests.payments.test_http import dzd, shop
from tests.support.rows import record, recorded

__all__ = ["shop"]


@pytest.fixture
async def log(database):
    """Events of two tenants at random within the last hour, some of them at the same time."""
    chance, now = random.Random(7), datetime.now(UTC)
    ages = sorted(
        (chance.choice((1, 60, 3600)) * chance.random() for _ in range(300)), reverse=True
    )
    events = [(f"{chance.choice('ab')}/engagement/1", ViewsCounted(1)) for _ in ages]
    times = [now - timedelta(seconds=round(age, 1)) for age in ages]
    rows = [
        replace(row, recorded_at=at, version=row.position)
        for row, at in zip(recorded(events), times, strict=True)
    ]
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as owner:
        await record(owner, rows)
    pool = await open_pool(database, PROJECT, size=1, name="test")
    yield pool, times
    await pool.close()


@pytest.mark.parametrize("seconds", [1, 10, 60, 3600])
async def test_throughput_is_what_counting_finds(log, seconds):
    pool, times = log
    told = await throughput(pool, seconds)
    assert len(told.events) == STEPS
    assert told.first.timestamp() % seconds == 0
    ends = [told.first + timedelta(seconds=seconds * (n + 1)) for n in range(STEPS)]
    step = timedelta(seconds=seconds)
    assert told.events == [sum(end - step <= at < end for at in times) for end in ends]


async def test_an_empty_log_took_nothing(database):
    pool = await open_pool(database, PROJECT, size=1, name="test")
    assert (await throughput(pool, 10)).events == [0] * STEPS
    await pool.close()


async def test_sales_by_day_are_those_of_all_sellers_less_refunds(shop):
    for _ in range(2):
        placed = await shop.buy()
        url = f"/payments/{placed.id}/{await shop.first(placed)}"
        done = await shop.staff.post(f"{url}/capture", {})
        assert done.status_code == 200, done.text
    refunds = f"/payments/{placed.id}/refunds"
    part = {"order": shop.orders["tom"], "amount": dzd("1.50"), "reason": "faulty"}
    asked = await shop.staff.post(refunds, part)
    done = await shop.staff.post(f"{refunds}/{asked.json()['id']}/settle")
    today = datetime.now(UTC).date()
    path, days = "/analytics/sales/days", {"from": today - timedelta(1), "to": today}
    told = await shop.staff.get(path, **days, after=done.json()["position"])
    assert told.status_code == 200, told.text
    found = {date.fromisoformat(each["day"]): each for each in told.json()["days"]}
    assert sum(each["orders_paid"] for each in found.values()) == 4
    assert {each["revenue"]["currency"] for each in found.values()} == {"DZD"}
    assert sum(Decimal(each["revenue"]["amount"]) for each in found.values()) == Decimal("18.50")
    earlier = {"from": today - timedelta(30), "to": today - timedelta(2)}
    assert (await shop.staff.get(path, **earlier)).json() == {"days": []}


async def test_sales_by_day_are_for_staff_and_for_a_year_at_most(shop):
    path, days = "/analytics/sales/days", {"from": "2026-01-01", "to": "2026-01-31"}
    assert (await shop.tom.get(path, **days)).status_code == 403
    refused = await shop.staff.get(path, **(days | {"from": "2024-01-01"}))
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")
