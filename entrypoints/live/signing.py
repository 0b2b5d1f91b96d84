"""Signing in: by a bearer token in the header, or by a ticket in the URL."""

from adapters.live.peer import Refusal, Request
from adapters.live.tickets import Bearer, Tickets
from adapters.tokens.verifying import Refused, TokenVerifier
from application.ports import Unavailable
from domain.kernel import NAME
from domain.permissions import expand
from entrypoints.caller import Caller

KINDS = 1024  # sets of permissions that are shared among those who hold the same


class SigningIn:
    """Callers who hold the same permissions share one set of them: thousands are connected."""

    def __init__(self, tokens: TokenVerifier, tickets: Tickets) -> None:
        self._tokens, self._tickets = tokens, tickets
        self._held: dict[frozenset[str], frozenset[str]] = {}

    async def caller(self, request: Request) -> Caller:
        """Raises Refusal: 401, or 503 when a ticket cannot be looked at. A token is taken from
        the header alone: URLs end up in logs."""
        try:
            if tickets := request.query.get("ticket"):
                return self._of_ticket(await self._tickets.take(tickets[0]))
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise Refused("neither a bearer token nor a ticket")
            return await self.of_token(token)
        except Refused:
            raise unauthenticated("send a bearer token, or a ticket that is fresh") from None
        except Unavailable as error:
            raise away(error) from None

    async def of_token(self, token: str) -> Caller:
        """Raises Refused."""
        claims = await self._tokens.verify(token)
        if not (NAME.fullmatch(claims.tenant) and NAME.fullmatch(claims.sub)):
            raise Refused("name")
        held = self._shared(expand(claims.permissions))
        return Caller(claims.tenant, claims.sub, held, claims.exp)

    def _of_ticket(self, bearer: Bearer | None) -> Caller:
        if bearer is None:
            raise Refused("ticket")
        return Caller(bearer.tenant, bearer.user, self._shared(bearer.held), bearer.expires_at)

    def _shared(self, held: frozenset[str]) -> frozenset[str]:
        if len(self._held) >= KINDS:
            self._held.clear()
        return self._held.setdefault(held, held)


def unauthenticated(why: str) -> Refusal:
    return Refusal(401, "unauthenticated", why, {"WWW-Authenticate": "Bearer"})


def away(error: Unavailable) -> Refusal:
    after = str(error.retry_after)
    return Refusal(503, "unavailable", f"{error.what} is away", {"Retry-After": after})
