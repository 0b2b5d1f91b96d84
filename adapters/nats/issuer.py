"""The key that NATS believes: it signs who may connect, and as what."""

import base64
import binascii
import json
import os
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ACCOUNT = 0  # the kind of key that signs users; it makes them begin with A
HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}


class Issuer:
    """Made of ``SOUK_SECRET``, so that every process has it and nothing more is to be kept."""

    def __init__(self, secret: bytes) -> None:
        seed = HKDF(SHA256(), 32, salt=None, info=b"souk nats issuer").derive(secret)
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = _nkey(ACCOUNT, self._key.public_key().public_bytes_raw())

    def sign(self, claims: dict[str, Any]) -> str:
        """A JWT as NATS has them."""
        said = {**claims, "iss": self.public, "iat": int(time.time()), "jti": os.urandom(16).hex()}
        text = b".".join(_base64(json.dumps(part).encode()) for part in (HEADER, said))
        return b".".join((text, _base64(self._key.sign(text)))).decode()


def payload(jwt: str) -> Any:
    """What a JWT says; its signature is not looked at. Raises ValueError."""
    _, said, _ = jwt.split(".")
    return json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))


def _base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _nkey(kind: int, raw: bytes) -> str:
    """Base 32 of the kind, the key, and a CRC-16 (XMODEM)."""
    marked = bytes([kind << 3]) + raw
    checked = marked + binascii.crc_hqx(marked, 0).to_bytes(2, "little")
    return base64.b32encode(checked).decode().rstrip("=")
