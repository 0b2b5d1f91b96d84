"""Timers that have run out, polled from the rows that hold them."""

from datetime import datetime

from adapters.postgres.pools import Connection
from application.policies.kernel import Due

AT_ONCE = 200
# A timer's rows: whose it is, and when it runs out.
_DUE = {
    "expiry": "SELECT tenant, order_id, expires_at, max(position) FROM read.inventory_holds"
    " WHERE expires_at <= %s GROUP BY tenant, order_id, expires_at"
    " ORDER BY expires_at, tenant, order_id LIMIT %s",
}


async def due(db: Connection, timer: str, now: datetime) -> list[Due]:
    """The earliest of the timers that have run out by ``now``, which is real time."""
    cursor = await db.execute(_DUE[timer], (now, AT_ONCE))
    return [
        Due(tenant, id, at, now, position) for tenant, id, at, position in await cursor.fetchall()
    ]
