"""Tails: the log as it grows, for somebody whose reading was recorded once."""

import hashlib
import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from adapters.audit.entries import Entry
from adapters.audit.filters import Filter
from adapters.audit.history import History
from adapters.postgres.pools import Pool, borrow
from application.ports import Missing
from domain.kernel import but

UNKNOWN_TAIL = "audit.unknown_tail"
LASTS = 600  # seconds that one may be followed
BEFORE, MOST = 50, 200  # entries told of what was there already; at once of what is new


class Right(Struct, frozen=True, array_like=True):
    """Who may follow what, until when (seconds since the epoch). ``since``: the position at which
    it began; what was there before is history, and another reading."""

    tenant: str
    user: str
    until: int
    since: int
    wanted: Filter


class Tail(Struct, frozen=True):
    """``id``: to follow it by, until ``until``. ``position``: up to which it is told; to be sent
    as ``after`` the next time. ``items``: oldest first. ``complete``: they are all that came after
    the last position, not only the newest of it."""

    id: str
    until: datetime
    position: int
    items: list[Entry]
    complete: bool


class Tails:
    """Whoever has the id may follow, in any process: nothing of it is kept here.

    ``log``: a pool of a role that sees the log's head; ``secret``: signs the ids.
    """

    def __init__(
        self, history: History, log: Pool, secret: bytes, lasts: int = LASTS, most: int = MOST
    ) -> None:
        self._history, self._log, self._secret = history, log, secret
        self._lasts, self._most = lasts, most

    async def begin(self, tenant: str, user: str, wanted: Filter, after: int | None) -> Tail:
        """``after`` None: from the newest entries on. For who has recorded the reading."""
        head = await self._head()
        until, since = int(time.time()) + self._lasts, head if after is None else after
        right = Right(tenant, user, until, since, wanted)
        return await self._told(self._id(right), right, after, head)

    async def follow(self, tenant: str, user: str, id: str, after: int) -> Tail:
        """Raises Missing, for who began it may follow it and nobody else."""
        right = self._right(id)
        if (right.tenant, right.user) != (tenant, user) or right.until < time.time():
            raise Missing(UNKNOWN_TAIL)
        return await self._told(id, right, max(after, right.since), await self._head())

    async def _told(self, id: str, right: Right, after: int | None, head: int) -> Tail:
        until = datetime.fromtimestamp(right.until, UTC)
        if after is not None and after >= head:
            return Tail(id, until, head, [], True)
        wanted = but(
            right.wanted,
            position_from=max(right.wanted.position_from or 0, (after or 0) + 1),
            position_before=min(right.wanted.position_before or head + 1, head + 1),
        )
        most = BEFORE if after is None else self._most
        found = await self._history.events(right.tenant, wanted, limit=most, changes=False)
        complete = after is None or found.next is None
        return Tail(id, until, head, found.items[::-1], complete)

    async def _head(self) -> int:
        async with borrow(self._log) as db:
            row = await (await db.execute("SELECT position FROM log.head")).fetchone()
        return int(row[0]) if row else 0

    def _id(self, right: Right) -> str:
        said = msgspec.json.encode(right)
        return urlsafe_b64encode(self._mark(said) + said).rstrip(b"=").decode()

    def _right(self, id: str) -> Right:
        try:
            whole = urlsafe_b64decode(id.encode("ascii") + b"=" * (-len(id) % 4))
        except ValueError:
            raise Missing(UNKNOWN_TAIL) from None
        mark, said = whole[:32], whole[32:]
        if not hmac.compare_digest(mark, self._mark(said)):
            raise Missing(UNKNOWN_TAIL)
        try:
            return msgspec.json.decode(said, type=Right)
        except msgspec.ValidationError:  # ours, but of the code before
            raise Missing(UNKNOWN_TAIL) from None

    def _mark(self, said: bytes) -> bytes:
        return hmac.digest(self._secret, b"audit tail\0" + said, hashlib.sha256)
