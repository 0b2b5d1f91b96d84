"""The tokens of machines that read from NATS, with what their role allows by now."""

from typing import Protocol

from msgspec.structs import replace

from adapters.tokens.verifying import Claims, TokenVerifier
from domain.permissions import expand
from entrypoints.live.authority import Person, narrowed


class Roles(Protocol):
    async def enter(self, tenant: str, user: str) -> Person: ...
    def leave(self, person: Person) -> None: ...


class Machines:
    """Looked at when a reader connects: once an hour at the least, since NATS ends connections
    that are older."""

    def __init__(self, tokens: TokenVerifier, people: Roles) -> None:
        self._tokens, self._people = tokens, people

    async def verify(self, token: str) -> Claims:
        """Raises Refused; Unavailable when the role cannot be read."""
        claims = await self._tokens.verify(token)
        person = await self._people.enter(claims.tenant, claims.sub)
        try:
            held = narrowed(expand(claims.permissions), person.role)
        finally:
            self._people.leave(person)
        return replace(claims, permissions=tuple(held))
