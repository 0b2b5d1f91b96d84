"""A log that was restored goes on where nobody has been: what was lost had positions too, and
whoever saw them must not take what comes now for it.

Every follower from before finds that what it knows is no base to go on from, and begins anew.
"""

from psycopg import AsyncConnection

GAP = 10_000_000  # positions: more events than can have been lost
_HEAD = "SELECT position FROM log.head FOR UPDATE"
_MOVES = (
    "INSERT INTO log.jumps (origin, target) VALUES (%(origin)s, %(target)s)",
    "UPDATE log.head SET position = %(target)s",
    # Those that have yet to catch up come to it by themselves.
    "UPDATE read.projections SET position = %(target)s, generation = generation + 1"
    " WHERE position = %(origin)s",
    "UPDATE read.relays SET purged = %(target)s",
    "DELETE FROM read.changes",
    "DELETE FROM read.milestones",
    "DELETE FROM log.root_marks",  # roots are published again, where they may not be any more
)


async def jump(url: str) -> int:
    """As the owner, while nothing else runs on it; the position that the log goes on from."""
    async with await AsyncConnection.connect(url) as db:
        row = await (await db.execute(_HEAD)).fetchone()
        assert row is not None, "the log has a head"
        places = {"origin": row[0], "target": row[0] + GAP}
        for move in _MOVES:
            await db.execute(move, places)
        return int(places["target"])
