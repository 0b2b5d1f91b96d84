"""The master key, which seals everybody's own, and the proof that it is the database's."""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import AsyncConnection

from adapters.postgres.pools import Connection

NONCE = 12  # bytes
CONNECT = 10  # seconds
OLDEST = 100  # keys that tell whose a database without a mark is
MASTER_KEY, SECRET = "SOUK_MASTER_KEY", "SOUK_SECRET"


class Broken(Exception):
    """Sealed data does not open: altered, moved to another event, or under another master key."""


class Foreign(Exception):
    """A secret is not the one that the database was begun with."""


class Master:
    """``key``: 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher, self._mark = AESGCM(key), _mark(MASTER_KEY, key)

    def lock(self, tenant: str, subject: str) -> bytes:
        """A new key, sealed."""
        nonce, key = os.urandom(NONCE), AESGCM.generate_key(bit_length=256)
        return nonce + self._cipher.encrypt(nonce, key, bound(tenant, subject))

    def unlock(self, tenant: str, subject: str, sealed: bytes) -> AESGCM:
        """Raises Broken."""
        try:
            key = self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], bound(tenant, subject))
            return AESGCM(key)
        except (InvalidTag, ValueError):
            raise Broken(f"the key of {subject!r} does not open with this master key") from None

    def opens(self, tenant: str, subject: str, sealed: bytes) -> bool:
        try:
            self.unlock(tenant, subject, sealed)
        except Broken:
            return False
        return True

    async def prove(self, db: Connection) -> None:
        """That it is the one of this database, as souk_append; whose has no mark yet gets it if it
        opens half of the keys that are there. Raises Foreign."""
        if await _marked(db, MASTER_KEY) is None:
            oldest = await db.execute(
                "SELECT tenant, subject, sealed_key FROM keys.subjects"
                " WHERE sealed_key IS NOT NULL ORDER BY created_at LIMIT %s",
                (OLDEST,),
            )
            opened = [self.opens(*row) for row in await oldest.fetchall()]
            if 2 * sum(opened) < len(opened):  # some may have been spoilt meanwhile
                raise _foreign(MASTER_KEY)
        await _hold(db, MASTER_KEY, self._mark)


async def prove_secret(db: Connection, secret: bytes, lays: bool) -> None:
    """That requests were marked with it; where there is no mark yet, whoever ``lays`` one makes
    it so. As souk_append. Raises Foreign."""
    if lays or await _marked(db, SECRET) is not None:
        await _hold(db, SECRET, _mark(SECRET, secret))


async def renew_secret(url: str, secret: bytes) -> None:
    """From now on it is another, on purpose. As the owner: no role may change a mark."""
    async with await AsyncConnection.connect(url, connect_timeout=CONNECT) as db:
        await db.execute(
            "INSERT INTO keys.marks (name, mark) VALUES (%s, %s)"
            " ON CONFLICT (name) DO UPDATE SET mark = excluded.mark",
            (SECRET, _mark(SECRET, secret)),
        )


def bound(*parts: str) -> bytes:
    """Associated data: the seal breaks anywhere else. No part can hold a NUL."""
    return "\0".join(parts).encode()


def _mark(name: str, secret: bytes) -> bytes:
    return hmac.digest(secret, f"souk: {name}".encode(), "sha256")


async def _hold(db: Connection, name: str, mark: bytes) -> None:
    if await _marked(db, name) is None:
        await db.execute(
            "INSERT INTO keys.marks (name, mark) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING",
            (name, mark),
        )
    if not hmac.compare_digest(await _marked(db, name) or b"", mark):
        raise _foreign(name)


async def _marked(db: Connection, name: str) -> bytes | None:
    cursor = await db.execute("SELECT mark FROM keys.marks WHERE name = %s", (name,))
    found = await cursor.fetchone()
    return found[0] if found else None


def _foreign(name: str) -> Foreign:
    told = f"{name} is not the one that this database was begun with: set that one."
    if name == SECRET:
        told += " Where it was changed on purpose, `souk migrate --new-secret` says so."
    return Foreign(told)
