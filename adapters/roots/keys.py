"""Ed25519: the key that signs roots, and public keys as a JWK set."""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct
from msgspec.structs import replace

from adapters.roots.statement import Root


def new_key() -> str:
    """A fresh private key, as PEM."""
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(pem, pkcs8, serialization.NoEncryption()).decode()


class Jwk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public key (RFC 8037); ``kid`` is its thumbprint (RFC 7638)."""

    kty: str = "OKP"
    crv: str = "Ed25519"
    x: str
    kid: str = ""
    alg: str = "EdDSA"
    use: str = "sig"


class Jwks(Struct, frozen=True, forbid_unknown_fields=True):
    keys: list[Jwk]


class Public:
    """A public key; ``id`` names it wherever it is used."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self._key = raw, Ed25519PublicKey.from_public_bytes(raw)
        members = {"crv": "Ed25519", "kty": "OKP", "x": _text(raw)}
        self.id = _text(hashlib.sha256(msgspec.json.encode(members)).digest())

    @classmethod
    def of_pem(cls, pem: bytes) -> "Public":
        """ValueError unless it is that of an Ed25519 key."""
        try:
            key = serialization.load_pem_public_key(pem)
        except UnsupportedAlgorithm as error:
            raise ValueError(str(error)) from error
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("not an Ed25519 key")
        return cls(key.public_bytes_raw())

    @property
    def jwk(self) -> Jwk:
        return Jwk(x=_text(self.raw), kid=self.id)

    @property
    def pem(self) -> bytes:
        info = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_bytes(serialization.Encoding.PEM, info)

    def signed(self, root: Root) -> bool:
        try:
            signature = base64.b64decode(root.signature, validate=True)
            self._key.verify(signature, root.said)
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return base64.b64encode(signature).decode() == root.signature


class Seal:
    """The private key that roots are signed with. ValueError for a PEM of anything else."""

    def __init__(self, pem: str) -> None:
        try:
            key = serialization.load_pem_private_key(pem.encode(), None)
        except (TypeError, UnsupportedAlgorithm) as error:  # it has a password, or an unknown curve
            raise ValueError(str(error)) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("the key of roots must be an Ed25519 key")
        self._key, self.public = key, Public(key.public_key().public_bytes_raw())

    def sign(self, root: Root) -> Root:
        named = replace(root, key=self.public.id)
        signature = base64.b64encode(self._key.sign(named.said)).decode()
        return replace(named, signature=signature)


def jwks(keys: Iterable[Public]) -> Jwks:
    return Jwks([key.jwk for key in keys])


@lru_cache
def jwks_of(pem: str) -> Mapping[str, Any]:
    """The public half of a private key, "" for none, as a JWK set."""
    found: dict[str, Any] = msgspec.to_builtins(jwks([Seal(pem).public] if pem else []))
    return found


def of_jwks(text: bytes) -> dict[str, Public]:
    """By id. ValueError or MsgspecError for what is no JWK set of Ed25519 keys, written as it
    must be, each under its own name."""
    found = {}
    for jwk in msgspec.json.decode(text, type=Jwks).keys:
        public = Public(base64.urlsafe_b64decode(jwk.x + "=" * (-len(jwk.x) % 4)))
        if public.jwk != jwk:
            raise ValueError(f"the key {jwk.kid!r} is not what it says")
        found[jwk.kid] = public
    if msgspec.json.encode(jwks(found.values())) != text.rstrip(b"\n"):
        raise ValueError("not written as keys must be")
    return found


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
