"""Receipts of erasures: signed, one file each, kept apart from every backup.

A backup that is restored has the keys again that were destroyed since: whoever restores replays the
receipts.
"""

import hashlib
from datetime import datetime
from pathlib import Path

import jwt
import msgspec
from msgspec import Struct

from adapters.embedded.home import write_private
from adapters.media.objects import Gone, Objects
from adapters.tokens.signing import Signer

ALGORITHM = "ES256"
FOLDER = "erasures"


class Receipt(Struct, frozen=True):
    """``position``: of the event that says so; ``purged``: how many of what; ``code``: version."""

    tenant: str
    subject: str
    reason: str
    at: datetime
    position: int
    purged: dict[str, int]
    code: str


class Signed(Struct, frozen=True):
    """``signature``: a JWS of the receipt, by the instance's signing key."""

    receipt: Receipt
    signature: str


class Forged(Exception):
    """A receipt that this instance has not signed, or that was altered since."""


class Receipts:
    """In a directory, or in the bucket under ``erasures/`` where there is none."""

    def __init__(self, signer: Signer, folder: Path | None, objects: Objects | None) -> None:
        self._signer, self._folder, self._objects = signer, folder, objects

    def signed(self, receipt: Receipt) -> Signed:
        payload = msgspec.json.encode(receipt)
        return Signed(receipt, self._signer.attest(payload))

    async def keep(self, signed: Signed) -> str:
        """Where it is now. One that is there and not ours, of a former signing key for one, stays
        beside it: it may be the only proof of what was purged then."""
        name = name_of(signed.receipt.tenant, signed.receipt.subject)
        former = await self._file(name)
        if former is not None and not self._is_ours(former):
            await self._write(f"{name}.{hashlib.sha256(former).hexdigest()[:32]}", former)
        return await self._write(name, msgspec.json.format(msgspec.json.encode(signed)))

    async def _write(self, name: str, data: bytes) -> str:
        if self._folder is not None:
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_private(path, data)
            return str(path)
        assert self._objects is not None, "a folder or a bucket"
        await self._objects.put(f"{FOLDER}/{name}", data, "application/json")
        return f"s3 {FOLDER}/{name}"

    async def of(self, tenant: str, subject: str) -> Signed | None:
        """The one that is kept of a person; None: none is, or none that is ours."""
        data = await self._file(name_of(tenant, subject))
        if data is None or not self._is_ours(data):
            return None
        return msgspec.json.decode(data, type=Signed)

    async def all(self) -> tuple[list[Receipt], list[Forged]]:
        """Every one that is kept, checked; and what is wrong with the others."""
        good: list[Receipt] = []
        bad: list[Forged] = []
        for name, data in (await self._files()).items():
            try:
                good.append(self.checked(data))
            except Forged as forged:
                bad.append(Forged(f"{name}: {forged}"))
        return good, bad

    async def _file(self, name: str) -> bytes | None:
        if self._folder is not None:
            path = self._folder / name
            return path.read_bytes() if path.exists() else None
        assert self._objects is not None, "a folder or a bucket"
        try:
            return b"".join([part async for part in self._objects.read(f"{FOLDER}/{name}")])
        except Gone:
            return None

    async def _files(self) -> dict[str, bytes]:
        if self._folder is not None:
            return {str(path): path.read_bytes() for path in sorted(self._folder.glob("*/*.json"))}
        assert self._objects is not None, "a folder or a bucket"
        found = sorted(await self._objects.under(f"{FOLDER}/"))
        keys = [key for key in found if key.endswith(".json")]
        return {key: b"".join([part async for part in self._objects.read(key)]) for key in keys}

    def _is_ours(self, data: bytes) -> bool:
        try:
            self.checked(data)
        except Forged:
            return False
        return True

    def checked(self, data: bytes) -> Receipt:
        """Raises Forged."""
        try:
            signed = msgspec.json.decode(data, type=Signed)
            said = jwt.api_jws.decode(signed.signature, self._signer.public, [ALGORITHM])
            attested = msgspec.json.decode(said, type=Receipt)
        except (msgspec.MsgspecError, jwt.PyJWTError) as error:
            raise Forged(f"a receipt is not ours: {error}") from error
        if attested != signed.receipt:
            raise Forged("a receipt was altered")
        return attested


def name_of(tenant: str, subject: str) -> str:
    """One for each person: erased again, it goes on."""
    return f"{tenant}/{hashlib.sha256(subject.encode()).hexdigest()[:32]}.json"
