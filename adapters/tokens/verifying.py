"""What a token says, once it is known whose it is."""

import time
from collections.abc import Callable, Iterable
from typing import Any

import jwt
import msgspec
import structlog
from msgspec import Struct

from adapters.tokens.issuers import Foreign, Party, Trusted, fetch
from adapters.tokens.signing import Signer

LEEWAY = 5  # seconds by which two clocks may differ
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
