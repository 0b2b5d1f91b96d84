"""The keys of personal data: one per data subject, each sealed with the instance's master key."""

import hashlib
import hmac
import os
import time
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.log.codec import sealed
from adapters.log.hearing import FRESH, Hearing, destroying
from adapters.log.master import NONCE, Broken, Master, bound
from adapters.postgres.pools import Pool, borrow
from adapters.postgres.together import Together
from domain.kernel import ERASED, Personal

KEPT = 20_000  # keys in memory
READINGS, MOST = 2, 500  # at once, and callers in each
LOOKUP = ":lookup"  # no user's id: the subject whose key hashes what people are found by
Rows = dict[str, bytes | None]  # sealed keys by subject; None: destroyed
Key = AESGCM | Broken | None  # None: destroyed; Broken: it does not open
Keys = dict[str, Key]  # by subject
_SHAPE = {"subject", "sealed", "stream", "tag"}


class Seals:
    """The keys of some subjects of one tenant, at hand to seal and open with. One that does not
    open raises Broken where it is used: nobody else is held up by it."""

    def __init__(self, tenant: str, keys: Keys) -> None:
        self._tenant, self._keys = tenant, keys

    def seal(self, personal: Personal, stream: str, tag: str) -> Personal:
        """Sealed for one stream and tag. What is about an erased person is stored as erased:
        nothing new is kept of them, and no append fails for having raced with the erasure."""
        key = _whole(self._keys.get(personal.subject))
        if key is None:
            return Personal(personal.subject, box=ERASED, stream=stream, tag=tag)
        nonce = os.urandom(NONCE)
        box = nonce + key.encrypt(nonce, personal.text.encode(), bound(stream, tag))
        found_by = self.hashed(personal.lookup) if personal.lookup else ""
        return Personal(personal.subject, "", b64encode(box).decode(), stream, tag, found_by)

    def hashed(self, lookup: str) -> str:
        """HMAC-SHA256 under the tenant's own key: without it, numbers cannot be tried out."""
        key = _whole(self._keys[LOOKUP])
        if key is None:
            return ""
        # The cipher keeps its key to itself; this one message stands for it, and is its only one.
        own = key.encrypt(bytes(NONCE), b"lookup", None)
        return hmac.digest(own, lookup.encode(), hashlib.sha256).hex()

    def text(self, personal: Personal) -> str | None:
        """The clear text of what is sealed; None when it is erased. Raises Broken."""
        key = _whole(self._keys.get(personal.subject))
        if key is None or personal.box in (None, ERASED):
            return None
        if personal.stream.partition("/")[0] != self._tenant:
            raise Broken(f"sealed for {personal.stream!r}, not for tenant {self._tenant!r}")
        try:
            box = b64decode(personal.box or "", validate=True)
            place = bound(personal.stream, personal.tag)
            return key.decrypt(box[:NONCE], box[NONCE:], place).decode()
        except (InvalidTag, ValueError):
            raise Broken(f"{personal.tag} of {personal.stream!r} does not open") from None

    def open(self, personal: Personal) -> None:
        """Open it in place."""
        text = self.text(personal)
        personal.text, personal.box = ("", ERASED) if text is None else (text, None)
        personal.lookup = ""


class Keyring:
    """Makes, finds and destroys keys. ``master``: 32 bytes; without it no key can be read.

    ``url``: where to hear that a key was destroyed; None: none is kept in memory.
    """

    def __init__(self, pool: Pool, master: bytes, url: str | None = None) -> None:
        self._pool, self._master, self._proven = pool, Master(master), False
        self._kept: OrderedDict[tuple[str, str], tuple[float, Key]] = OrderedDict()
        self._hearing = Hearing(url, self._kept.clear) if url else None
        # Everyone who comes for the first time asks, and most come in crowds.
        self._readings = Together(self._read, READINGS, MOST, pool.patience)
        self._makings = Together(self._insert, 1, MOST, pool.patience)

    @property
    def turn(self) -> int | None:
        """Another number when a key was destroyed anywhere; None: nothing must be kept."""
        return self._hearing.turn if self._hearing else None

    async def close(self) -> None:
        if self._hearing:
            await self._hearing.close()

    async def for_sealing(self, tenant: str, subjects: Iterable[str]) -> Seals:
        """Keys to seal with; those that are missing are made, and committed before this returns.

        Raises Foreign before one is made that no other process could open.
        """
        wanted = set(subjects)
        keys = await self._find(tenant, wanted)
        if missing := wanted - keys.keys():
            keys |= await self._make(tenant, missing)
        if others := wanted - keys.keys():  # another process made them meanwhile
            keys |= await self._find(tenant, others)
        return Seals(tenant, keys)

    async def for_opening(self, tenant: str, subjects: Iterable[str]) -> Seals:
        """Keys to open with; a subject without one reads as erased."""
        return Seals(tenant, await self._find(tenant, set(subjects)))

    async def hashed(self, tenant: str, lookup: str) -> str:
        """What rows keep of what a person may be found by."""
        return (await self.for_sealing(tenant, [LOOKUP])).hashed(lookup)

    async def living(self, tenant: str, subjects: Iterable[str]) -> list[str]:
        """Those who are not erased."""
        keys = await self._find(tenant, set(subjects))
        return sorted(subject for subject, key in keys.items() if key)

    async def destroy(self, tenant: str, subject: str) -> None:
        """Erase a person: what is sealed with their key can never be read again, anywhere.

        When this returns no process has it in memory, or so long ago that it uses it no more.
        """
        async with destroying(self._pool) as connection:
            await connection.execute(
                """INSERT INTO keys.subjects (tenant, subject, destroyed_at) VALUES (%s, %s, now())
                ON CONFLICT (tenant, subject) DO UPDATE SET sealed_key = NULL,
                    destroyed_at = coalesce(subjects.destroyed_at, excluded.destroyed_at)""",
                (tenant, subject),
            )

    async def open_personal(self, tenant: str, personal: bytes) -> bytes:
        """The JSON of a row's ``personal`` column with every sealed text clear, or null if erased.

        For the edges, and readers who may see it. Raises Broken, ports.Unavailable.
        """
        return (await self.open_all(tenant, [personal]))[0]

    async def open_all(self, tenant: str, rows: Iterable[bytes]) -> list[bytes]:
        """``open_personal`` for several rows of one tenant in one look-up."""
        trees = [msgspec.json.decode(row) for row in rows]
        found: list[Personal] = []
        for tree in trees:
            walk(tree, lambda personal: found.append(personal))
        seals = await self.for_opening(tenant, (personal.subject for personal in found))
        return [msgspec.json.encode(walk(tree, seals.text)) for tree in trees]

    async def _find(self, tenant: str, subjects: set[str]) -> Keys:
        now = time.monotonic()
        keys: Keys = {}
        for subject in subjects:
            until, key = self._kept.get((tenant, subject), (0.0, None))
            if until > now:
                keys[subject] = key
        if unknown := subjects - keys.keys():
            keys |= await self._load(tenant, unknown)
        return keys

    async def _load(self, tenant: str, subjects: Iterable[str]) -> Keys:
        return await self._kept_from(self._readings, tenant, subjects)

    async def _make(self, tenant: str, subjects: Iterable[str]) -> Keys:
        """Those of the missing keys that nobody else has made, committed."""
        return await self._kept_from(self._makings, tenant, subjects)

    async def _kept_from(
        self, source: Together[Sequence[str], Rows], tenant: str, subjects: Iterable[str]
    ) -> Keys:
        if self._hearing:
            self._hearing.begin()
        turn, now, wanted = self.turn, time.monotonic(), sorted(subjects)
        rows = await source(tenant, wanted)
        keys = {s: self._unlock(tenant, s, rows[s]) for s in wanted if s in rows}
        if turn is not None and turn == self.turn:  # else they may be destroyed by now
            self._keep(tenant, keys, now + FRESH)
        return keys

    async def _read(self, tenant: str, asked: Sequence[Sequence[str]]) -> list[Rows]:
        """The same answer to all, as of ``_insert``: each takes its own out of it."""
        async with borrow(self._pool) as connection:
            cursor = await connection.execute(
                "SELECT subject, sealed_key FROM keys.subjects"
                " WHERE tenant = %s AND subject = any(%s)",
                (tenant, _all_of(asked)),
            )
            return [dict(await cursor.fetchall())] * len(asked)

    async def _insert(self, tenant: str, asked: Sequence[Sequence[str]]) -> list[Rows]:
        subjects = _all_of(asked)
        async with borrow(self._pool) as connection:
            if not self._proven:
                await self._master.prove(connection)
                self._proven = True
            cursor = await connection.execute(
                """INSERT INTO keys.subjects (tenant, subject, sealed_key)
                SELECT %s, * FROM unnest(%s::text[], %s::bytea[])
                ON CONFLICT (tenant, subject) DO NOTHING RETURNING subject, sealed_key""",
                (tenant, subjects, [self._master.lock(tenant, subject) for subject in subjects]),
            )
            return [dict(await cursor.fetchall())] * len(asked)

    def _keep(self, tenant: str, keys: Keys, until: float) -> None:
        for subject, key in keys.items():
            self._kept[tenant, subject] = until, key
            self._kept.move_to_end((tenant, subject))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def _unlock(self, tenant: str, subject: str, sealed: bytes | None) -> Key:
        try:
            return None if sealed is None else self._master.unlock(tenant, subject, sealed)
        except Broken as broken:
            return Broken(*broken.args)  # kept, and so without its frames


def _whole(key: Key) -> AESGCM | None:
    """Raises Broken."""
    if isinstance(key, Broken):
        raise Broken(*key.args)
    return key


def _all_of(asked: Iterable[Iterable[str]]) -> list[str]:
    return sorted({subject for subjects in asked for subject in subjects})


def walk(tree: Any, opened: Any) -> Any:
    """The same JSON with each sealed value replaced by what ``opened`` makes of it."""
    if isinstance(tree, dict):
        if tree.keys() - {"lookup"} == _SHAPE:
            return opened(sealed(tree))
        return {name: walk(value, opened) for name, value in tree.items()}
    return [walk(value, opened) for value in tree] if isinstance(tree, list) else tree
