"""A log of several tenants made at random, and what it takes to read it."""

import random
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import psycopg
from msgspec.structs import replace

from adapters.postgres.pools import AUDIT, PROJECT, open_pool
from domain.audit import HistoryRead
from domain.engagement import ViewsCounted
from domain.kernel import Personal
from domain.tenants import CostBasisSet, TenantCreated
from tests.support.patience import PATIENCE
from tests.support.rows import record, recorded

TENANTS, ACTORS = ("acme", "zenith"), ("ana", "policy:stock", "bob")
WORDS = ("Tea", "green tea", "bowl", "Théière", "CAFÉ", 'a "cup"', "سوق")


def made(seed, size):
    """Rows of a log; each command has some of them, and may follow from an earlier event."""
    chance = random.Random(seed)
    events = []
    for _ in range(size):
        tenant = chance.choice(TENANTS)
        name, word = str(chance.randrange(4)), chance.choice(WORDS)
        events.append(
            chance.choice(
                [
                    (f"{tenant}/tenants/{name}", TenantCreated(word, "DZD")),
                    (f"{tenant}/tenants/{name}", CostBasisSet(word)),
                    (f"{tenant}/engagement/{name}", ViewsCounted(chance.randrange(9))),
                    (f"{tenant}/audit/{name}", HistoryRead(word, Personal("ana", "tea"))),
                ]
            )
        )
    rows = recorded(events)
    for n, row in enumerate(rows):
        earlier = [r for r in rows[max(0, n - 30) : n] if r.tenant == row.tenant]
        cause = chance.choice(earlier) if earlier and chance.random() < 0.5 else None
        rows[n] = replace(
            row,
            actor=chance.choice(ACTORS),
            correlation=cause.correlation if cause else row.correlation,
            causation=cause.event_id if cause else None,
            recorded_at=row.recorded_at - timedelta(seconds=row.position % 3),  # some at once
        )
    return rows


@asynccontextmanager
async def pools(database, rows):
    """Those of a database that has exactly these rows, for auditors and for who finds positions."""
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as db:
        await record(db, rows)
    pool = await open_pool(database, AUDIT, size=2, name="test", timeout=PATIENCE)
    log = await open_pool(database, PROJECT, size=1, name="test", timeout=PATIENCE)
    try:
        yield pool, log
    finally:
        await pool.close()
        await log.close()


def id_of(number):
    return UUID(int=number)
