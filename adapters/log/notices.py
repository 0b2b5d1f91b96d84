"""What a commit tells who listens, so that nobody has to read it: where the log ends now, and the
events where they are short. Anyone whom the server lets in may listen, and tell: so they are sealed
with a key that is derived from the master key, and bound to their position."""

import binascii
import hmac
import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple, get_type_hints

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.log.master import NONCE
from adapters.log.rows import Row
from adapters.log.tail import STORED

CHANNEL = "souk_log"  # NOTIFY at every commit of the log
SHORT = 5_900  # bytes of events that go along; sealed and as text Postgres takes 7,999
LEAST = 200  # bytes that an event has beside its data, about
FULL = 0.01  # of the server's queue, beyond which only positions are told: somebody does not listen
UNKNOWN = 2**63  # a position above all others
_stored = attrgetter(*STORED)
_kinds = get_type_hints(Row)
_pack = msgspec.msgpack.Encoder().encode
_event: Any = tuple[tuple(_kinds[name] for name in STORED)]  # type: ignore[misc]
_unpack = msgspec.msgpack.Decoder(list[_event]).decode
_BAD = (binascii.Error, InvalidTag, ValueError, msgspec.MsgspecError)


class Hint(NamedTuple):
    """``position``: where the log ends. Hints may be lost, late, doubled, or of nobody knows whom:
    polling is the truth."""

    position: int
    sealed: str = ""

    @classmethod
    def of(cls, payload: str) -> "Hint":
        position, _, sealed = payload.partition(" ")
        return cls(int(position) if position.isdecimal() else UNKNOWN, sealed)


class Notices:
    """``master``: the 32 bytes of the master key."""

    def __init__(self, master: bytes) -> None:
        self._cipher = AESGCM(hmac.digest(master, b"souk: what commits tell", "sha256"))

    def payload(self, position: int, rows: Sequence[Row]) -> str:
        """Of a commit of these rows, the last of them at ``position``; short enough for NOTIFY."""
        if not rows or sum(len(row.data) + LEAST for row in rows) > SHORT:
            return str(position)
        packed = _pack([_stored(row) for row in rows])
        if len(packed) > SHORT:
            return str(position)
        nonce = os.urandom(NONCE)
        box = nonce + self._cipher.encrypt(nonce, packed, str(position).encode())
        return f"{position} {b64encode(box).decode()}"

    def rows(self, hint: Hint) -> list[tuple[Any, ...]]:
        """All events of the commit, as STORED, as they would be read; none where they were too
        long, and of what was not told by the log."""
        if not hint.sealed:
            return []
        try:
            box = b64decode(hint.sealed, validate=True)
            place = str(hint.position).encode()
            rows: list[tuple[Any, ...]] = _unpack(
                self._cipher.decrypt(box[:NONCE], box[NONCE:], place)
            )
            return rows
        except _BAD:
            return []
