"""Tickets: a word good for one sign-in within half a minute, where no header can be sent."""

import hashlib
import secrets

import msgspec
from msgspec import Struct
from redis.exceptions import RedisError

from adapters.projector.valkey import client
from application.ports import Unavailable

LASTS = 30  # seconds
TIMEOUT = 1.0  # seconds
LONGEST = 128  # characters of a ticket


class Bearer(Struct, frozen=True):
    """Whom a ticket lets in. ``expires_at``: of the token it was asked for with."""

    tenant: str
    user: str
    held: frozenset[str]
    expires_at: int


class _Kept(Struct, frozen=True):
    name: str  # a mixed-up reply must not let anyone in as another
    bearer: Bearer


_DECODER = msgspec.json.Decoder(_Kept)


class Tickets:
    """Kept in Valkey under the SHA-256 of each, so who reads Valkey holds no ticket."""

    def __init__(self, valkey_url: str, timeout: float = TIMEOUT) -> None:
        self._valkey = client(valkey_url, timeout)

    async def close(self) -> None:
        await self._valkey.aclose()

    async def issue(self, bearer: Bearer) -> str:
        """Raises Unavailable without Valkey."""
        ticket = secrets.token_urlsafe(32)
        name = _name(ticket)
        try:
            await self._valkey.set(name, msgspec.json.encode(_Kept(name, bearer)), ex=LASTS)
        except (RedisError, OSError) as error:
            raise Unavailable("valkey") from error
        return ticket

    async def take(self, ticket: str) -> Bearer | None:
        """Once; None for one that is used, too old, or none. Raises Unavailable without Valkey."""
        if not ticket or len(ticket) > LONGEST:
            return None
        name = _name(ticket)
        try:
            found = await self._valkey.getdel(name)
        except (RedisError, OSError) as error:
            raise Unavailable("valkey") from error
        kept = _DECODER.decode(found) if found else None
        return kept.bearer if kept and kept.name == name else None


def _name(ticket: str) -> str:
    return f"souk:live:ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
