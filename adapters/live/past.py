"""The changes of the last day in Postgres, read for many at once."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from psycopg.errors import QueryCanceled

from adapters.live.change import Change, Where
from adapters.live.truth import change
from adapters.postgres.pools import Connection, Pool, borrow

ROWS = 20_000  # read at once, at the most, and before that
# What seq is compared with comes whole from a query: under row-level security nothing that may
# leak, and Postgres takes coalesce for such, is looked for in an index.
_READ = """SELECT seq, tenant, topic, position, document, first, late FROM read.changes
WHERE projection = %(projection)s AND (seq <= %(reached)s OR late) AND position >= %(after)s
    AND seq > (SELECT coalesce(max(seq), 0) FROM (SELECT seq FROM read.milestones
        WHERE projection = %(projection)s AND position < %(after)s
        ORDER BY position DESC LIMIT 1) AS nearest)
    AND split_part(topic, '.', 1) = %(context)s
    AND (%(token)s = 0 OR split_part(topic, '.', %(token)s + 1) = ANY(%(values)s))
ORDER BY seq LIMIT %(most)s"""
# Asked last: what was purged while the rows were read is known then.
_PURGED = "SELECT purged FROM read.relays WHERE projection = %s"

Answer = list[Change] | None


class Question(NamedTuple):
    """``after``: a position; ``reached``: a seq, above which nothing is asked for."""

    where: Where
    after: int
    reached: int


class Past:
    """Answers questions of one tenant, under its row-level security."""

    def __init__(self, pool: Pool, most: int) -> None:
        self._pool, self._most = pool, most

    async def __call__(self, tenant: str, questions: Sequence[Question]) -> list[Answer]:
        """Changes in their order; None when not all of them are there, or they are more than
        ``most``, or take Postgres too long to find, or a late one is at the very position asked
        for."""
        asked = list(dict.fromkeys(questions))
        kinds: defaultdict[tuple[str, str, int], list[Question]] = defaultdict(list)
        for question in asked:
            where = question.where
            kinds[where.projection, where.context, where.token].append(question)
        answers: dict[Question, Answer] = {}
        async with borrow(self._pool) as db:
            for alike in kinds.values():
                answers |= await self._answer(db, tenant, alike)
        return [answers[question] for question in questions]

    async def _answer(
        self, db: Connection, tenant: str, alike: Sequence[Question], slow: bool = False
    ) -> dict[Question, Answer]:
        """Of questions about one kind of topic; by halves, where one of them asks for a lot.
        ``slow``: it has taken too long once."""
        limit, by_place = ROWS if len(alike) > 1 else self._most + ROWS, sorted(alike, key=_place)
        older, newer = by_place[: len(alike) // 2], by_place[len(alike) // 2 :]
        try:
            rows, purged = await _read(db, tenant, alike, limit + 1)
        except QueryCanceled:
            # Too much happened since the place of the oldest: waiting would bring it no nearer.
            await db.rollback()
            if slow or not older:
                return dict.fromkeys(alike)
            return dict.fromkeys(older) | await self._answer(db, tenant, newer, slow=True)
        if len(rows) <= limit:
            return self._distribute(alike, rows, purged)
        if not older:
            return {alike[0]: None}
        return await self._answer(db, tenant, older) | await self._answer(db, tenant, newer)

    def _distribute(
        self, alike: Sequence[Question], changes: Sequence[Change], purged: int
    ) -> dict[Question, Answer]:
        token, by_value = alike[0].where.token, defaultdict[str, list[Change]](list)
        for one in changes:
            by_value[one.topic.split(".")[token] if token else ""].append(one)
        return {
            question: self._told(question, by_value.get(question.where.value if token else "", []))
            if question.after >= purged
            else None
            for question in alike
        }

    def _told(self, question: Question, changes: Sequence[Change]) -> Answer:
        after, reached = question.after, question.reached
        if any(one.late and one.position == after for one in changes):
            return None
        told = [one for one in changes if one.position > after and one.seq <= reached]
        end = told[-1].position if told else after
        if any(one.seq > reached and one.position <= end for one in changes if one.late):
            return None  # it took the place of one of these, which is gone
        return told if len(told) <= self._most else None


def _place(question: Question) -> int:
    return question.after


async def _read(
    db: Connection, tenant: str, alike: Sequence[Question], most: int
) -> tuple[list[Change], int]:
    """All that any of them asks for, and the position up to which nothing is kept any more."""
    where = alike[0].where
    about = {
        "projection": where.projection,
        "context": where.context,
        "token": where.token,
        "values": [question.where.value for question in alike],
        "after": min(question.after for question in alike),
        "reached": max(question.reached for question in alike),
        "most": most,
    }
    rows, purged = db.cursor(binary=True), db.cursor()
    async with db.pipeline():
        await db.execute("BEGIN READ ONLY")
        await db.execute("SELECT set_config('souk.tenant', %s, true)", (tenant,))
        await rows.execute(_READ, about)
        await purged.execute(_PURGED, (where.projection,))
        await db.execute("COMMIT")
    kept = await purged.fetchone()
    return [change(where.projection, *row) for row in await rows.fetchall()], kept[0] if kept else 0
