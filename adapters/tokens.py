"""Tokens: bearer JWTs, signed with Souk's own key or by an issuer it trusts."""

import asyncio
import base64
import hashlib
import json
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import jwt
import msgspec
import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from jwt.algorithms import ECAlgorithm
from msgspec import Struct

ALLOWED = ("RS256", "ES256")
LEEWAY = 5  # seconds by which two clocks may differ
KEPT = 24 * 3600.0  # seconds that fetched keys are trusted
FETCHES_A_MINUTE = 10
LONGEST = 8192  # characters of a token
TELL = 60.0  # seconds between two lines of the log about tokens from the future
logger = structlog.get_logger(__name__)


class Claims(Struct, frozen=True):
    """Whom a token speaks for. ``exp``: seconds since the epoch."""

    sub: str
    tenant: str
    exp: int
    permissions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    jti: str = ""


class Refused(Exception):
    """The token is not one that we accept; the reason is for the log, not for the sender."""


class Early(Refused):
    """It is signed by whom we trust, and its time has not come: somebody's clock is wrong."""


def new_key() -> str:
    """A fresh EC P-256 private key, as PEM."""
    from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key

    return (
        generate_private_key(SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


class Signer:
    """Issues tokens with Souk's own key, and publishes its public half."""

    def __init__(self, pem: str, issuer: str, audience: str) -> None:
        key = serialization.load_pem_private_key(pem.encode(), None)
        if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
            raise ValueError("the signing key must be an EC key on P-256")
        self._key, self.issuer, self.audience = key, issuer, audience
        public: dict[str, Any] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
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


class Trusted(Protocol):
    """An issuer as settings describe it."""

    @property
    def issuer(self) -> str: ...
    @property
    def jwks_url(self) -> str: ...
    @property
    def audience(self) -> str: ...
    @property
    def algorithms(self) -> Sequence[str]: ...


class Party:
    """One issuer: what its tokens must say, and its public keys by id."""

    def __init__(self, issuer: str, audience: str, algorithms: Iterable[str]) -> None:
        self.issuer, self.audience = issuer, audience
        self.algorithms = [a for a in algorithms if a in ALLOWED]
        self.keys: dict[str, jwt.PyJWK] = {}

    async def key(self, kid: str) -> jwt.PyJWK | None:
        return self.keys.get(kid)

    def learn(self, jwks: Any) -> None:
        """Keep the signing keys of a JWKS that use a pinned algorithm; ignore the others."""
        learnt: dict[str, jwt.PyJWK] = {}
        for jwk in jwks["keys"]:
            algorithm = jwk.get("alg") or {"RSA": "RS256", "EC": "ES256"}.get(jwk.get("kty"))
            if algorithm in self.algorithms and jwk.get("use", "sig") == "sig" and "kid" in jwk:
                learnt[jwk["kid"]] = jwt.PyJWK(jwk, algorithm=algorithm)
        self.keys = learnt


class Foreign(Party):
    """An issuer whose keys are fetched: kept a day, asked for again at most ten times a minute."""

    def __init__(
        self, trusted: Trusted, fetch: Callable[[str], Any], clock: Callable[[], float]
    ) -> None:
        super().__init__(trusted.issuer, trusted.audience, trusted.algorithms)
        self._url, self._fetch, self._clock = trusted.jwks_url, fetch, clock
        self._fetched_at: float | None = None
        self._asked: deque[float] = deque(maxlen=FETCHES_A_MINUTE)
        self._one = asyncio.Lock()

    async def key(self, kid: str) -> jwt.PyJWK | None:
        if not self._fresh() or kid not in self.keys:
            async with self._one:
                if not self._fresh() or kid not in self.keys:
                    await self._refetch()
        return self.keys.get(kid) if self._fresh() else None

    def _fresh(self) -> bool:
        return self._fetched_at is not None and self._clock() - self._fetched_at < KEPT

    async def _refetch(self) -> None:
        now = self._clock()
        if len(self._asked) == FETCHES_A_MINUTE and now - self._asked[0] < 60:
            return
        self._asked.append(now)
        try:
            self.learn(await asyncio.to_thread(self._fetch, self._url))
            self._fetched_at = now
        except Exception:
            return  # the keys that are still fresh go on serving


def fetch(url: str) -> Any:
    """The JSON at an https URL, or at an http one of this machine."""
    if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
        raise ValueError("a JWKS is fetched by https")
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310
    with urlopen(request, timeout=5) as answer:  # noqa: S310
        return json.loads(answer.read(1_000_000))


class TokenVerifier:
    """Tells whom a token speaks for. Algorithms are pinned per issuer; so is everything else."""

    def __init__(
        self,
        own: Signer,
        trusted: Iterable[Trusted] = (),
        fetch: Callable[[str], Any] = fetch,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        souk = Party(own.issuer, own.audience, ["ES256"])
        souk.learn(own.jwks)
        self._parties: dict[str, Party] = {t.issuer: Foreign(t, fetch, clock) for t in trusted}
        self._parties[own.issuer] = souk
        self._clock, self._tell_at = clock, clock()

    async def verify(self, token: str) -> Claims:
        """Its claims. Raises Refused for anything but a valid token of a trusted issuer: Early
        for one that is signed, but from the future."""
        if len(token) > LONGEST:
            raise Refused("too long")
        try:
            return await self._verified(token)
        except jwt.ImmatureSignatureError as error:  # its signature was looked at first
            self._tell(error)
            raise Early(type(error).__name__) from error
        except (jwt.PyJWTError, msgspec.MsgspecError, ValueError, KeyError, TypeError) as error:
            raise Refused(type(error).__name__) from error

    def _tell(self, error: Exception) -> None:
        if self._clock() >= self._tell_at:
            self._tell_at = self._clock() + TELL
            logger.warning("a token is from the future: is a clock wrong?", error=str(error))

    async def _verified(self, token: str) -> Claims:
        header = jwt.get_unverified_header(token)
        if "crit" in header:
            raise Refused("crit")
        party = self._party(token)
        if header.get("alg") not in party.algorithms:
            raise Refused("algorithm")
        key = await party.key(str(header.get("kid") or ""))
        if key is None or key.algorithm_name != header["alg"]:
            raise Refused("unknown key")
        return msgspec.convert(self._claims(token, key, party), Claims)

    def _party(self, token: str) -> Party:
        """Whose rules to check a token by. What it says here is believed by nobody yet."""
        said = jwt.decode(token, options={"verify_signature": False}).get("iss")
        if not isinstance(said, str) or said not in self._parties:
            raise Refused("issuer")
        return self._parties[said]

    @staticmethod
    def _claims(token: str, key: jwt.PyJWK, party: Party) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key=key,
            algorithms=[key.algorithm_name],
            issuer=party.issuer,
            audience=party.audience,
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub"], "strict_aud": True},
        )
        return claims
