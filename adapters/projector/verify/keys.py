"""Every person's key must open: one that does not was made under another master key, or altered."""

from adapters.log.master import Master
from adapters.postgres.pools import APPEND, Connection
from adapters.projector.leader import connected
from adapters.projector.verify.difference import Difference, Found

BATCH = 10_000  # keys
NAME = "souk-verify"  # of the connection
_AFTER = """SELECT tenant, subject, sealed_key FROM keys.subjects
WHERE (tenant, subject) > (%s, %s) ORDER BY tenant, subject LIMIT %s"""


async def verify(url: str, master: bytes, found: Found) -> None:
    """As they are by now: a key is only ever made or destroyed."""
    async with connected(url, NAME, APPEND) as db:
        after, opener = ("", ""), Master(master)
        while rows := await _next(db, after):
            for tenant, subject, sealed in rows:
                if sealed is not None and not opener.opens(tenant, subject, sealed):
                    what = "does not open with this master key"
                    found(Difference("keys.subjects", tenant, subject, what))
            after = rows[-1][:2]


async def _next(db: Connection, after: tuple[str, str]) -> list[tuple[str, str, bytes | None]]:
    cursor = await db.execute(_AFTER, (*after, BATCH))
    return await cursor.fetchall()
