"""Who may issue tokens: what theirs must say, and their public keys."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import jwt

ALLOWED = ("RS256", "ES256")
KEPT = 24 * 3600.0  # seconds that fetched keys are trusted
FETCHES_A_MINUTE = 10


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
