"""Souk's own key, and what is signed with it."""

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from jwt.algorithms import ECAlgorithm


def new_key() -> str:
    """A fresh EC P-256 private key, as PEM."""
    return (
        generate_private_key(SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def key_of(pem: str) -> EllipticCurvePrivateKey:
    """ValueError for a PEM of anything else."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (TypeError, UnsupportedAlgorithm) as error:  # it has a password, or an unknown curve
        raise ValueError(str(error)) from error
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("the signing key must be an EC key on P-256")
    return key


class Signer:
    """Issues tokens with Souk's own key, and publishes its public half."""

    def __init__(self, pem: str, issuer: str, audience: str) -> None:
        self._key, self.issuer, self.audience = key_of(pem), issuer, audience
        public: dict[str, Any] = ECAlgorithm.to_jwk(self.public, as_dict=True)
        self.kid = thumbprint(public)
        self.jwks = {"keys": [{**public, "kid": self.kid, "alg": "ES256", "use": "sig"}]}

    @property
    def public(self) -> EllipticCurvePublicKey:
        return self._key.public_key()

    def attest(self, payload: bytes) -> str:
        """A JWS of it: no token, since it has no claims."""
        return jwt.api_jws.encode(payload, self._key, "ES256", headers={"kid": self.kid})

    def sign(
        self,
        user: str,
        tenant: str,
        permissions: Iterable[str],
        roles: Iterable[str] = (),
        lasts: timedelta = timedelta(hours=12),
    ) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": user,
            "tenant": tenant,
            "permissions": list(permissions),
            "roles": list(roles),
            "iat": now,
            "exp": now + int(lasts.total_seconds()),
            "jti": uuid.uuid4().hex,
        }
        return jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": self.kid})


def thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638."""
    members = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
