"""What a person may do now: what they signed in with, as far as their role in the tenant allows."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from adapters.live.change import Change
from adapters.postgres.together import Together
from adapters.projector.reader import PostgresReader
from application.ports import Unavailable
from domain.permissions import ROLES, allows, expand
from projections import identity
from projections.kernel import Found

CONTEXT = "identity"
AT_ONCE, MOST = 4, 500  # readings, and people in one
PATIENCE = 30.0  # seconds that somebody waits for theirs


class Watcher(Protocol):
    """Somebody's conversation."""

    def reconsider(self) -> None:
        """Their role has changed."""


class Person:
    """A member, or somebody who is none, for as long as they have a conversation.

    ``role`` None: no member of the tenant; their token alone counts, as it does over HTTP.
    ``tier``: of one who sells, if they are of any.
    """

    __slots__ = ("entering", "position", "role", "tenant", "tier", "user", "watchers")

    def __init__(self, tenant: str, user: str) -> None:
        self.tenant, self.user = tenant, user
        self.role: str | None = None
        self.tier: str | None = None
        self.position = 0  # of what is known of the role
        self.entering = 0
        self.watchers: set[Watcher] = set()

    @property
    def gone(self) -> bool:
        """A member no more."""
        return self.role == ""

    def learn(self, position: int, document: bytes) -> bool:
        """Whether that is another role or tier than was known."""
        if position < self.position:
            return False
        before, self.position = (self.role, self.tier), position
        self.role, self.tier = identity.role_of(document), identity.tier_of(document)
        return (self.role, self.tier) != before


class People:
    """Everyone who has a conversation, with their roles as they are by now."""

    def __init__(self, reader: PostgresReader) -> None:
        self._reader = reader
        self._read = Together(self._rows, AT_ONCE, MOST, PATIENCE)
        self._people: dict[tuple[str, str], Person] = {}

    async def enter(self, tenant: str, user: str) -> Person:
        """Stays known until ``leave``. Raises Unavailable when the role cannot be read."""
        key = (tenant, user)
        person = self._people.get(key)
        if person is None:
            person = self._people[key] = Person(tenant, user)
        person.entering += 1
        try:
            if not person.watchers and (row := await self._read(tenant, user)):
                person.learn(row.position, row.body)
        except BaseException:
            self.leave(person)
            raise
        return person

    def stay(self, person: Person, watcher: Watcher) -> None:
        person.entering -= 1
        person.watchers.add(watcher)

    def leave(self, person: Person, watcher: Watcher | None = None) -> None:
        """Of a ``watcher`` that stayed, or of somebody who only entered."""
        if watcher is None:
            person.entering -= 1
        else:
            person.watchers.discard(watcher)
        if not person.watchers and not person.entering:
            self._people.pop((person.tenant, person.user), None)

    def take(self, group: Sequence[Change]) -> None:
        """Roles that have changed, from the same feed as everything else."""
        for change in group if group[0].projection == CONTEXT else ():
            if person := self._people.get((change.tenant, change.id)):
                _learn(person, change.position, change.document)

    async def again(self) -> None:
        """Read everyone's role, since changes of them may have been missed."""
        waiting = list(self._people.values())
        while waiting:
            person = waiting[-1]
            try:
                row = await self._read(person.tenant, person.user)
            except Unavailable as error:
                await asyncio.sleep(error.retry_after)
                continue
            waiting.pop()
            if row:
                _learn(person, row.position, row.body)

    async def _rows(self, tenant: str, users: Sequence[str]) -> list[Found | None]:
        found = await identity.those(self._reader(tenant), users)
        return [found.get(user) for user in users]


def _learn(person: Person, position: int, document: bytes) -> None:
    if person.learn(position, document):
        for watcher in tuple(person.watchers):
            watcher.reconsider()


@lru_cache(maxsize=1024)
def narrowed(held: frozenset[str], role: str | None) -> frozenset[str]:
    """What of ``held`` a member of that role may still use; without a role, all of it."""
    if role is None:
        return held
    allowed = _granted(role)
    both = {one for one in held if allows(allowed, one)}
    return frozenset(both | {one for one in allowed if allows(held, one)})


@lru_cache(maxsize=16)
def _granted(role: str) -> frozenset[str]:
    return expand(ROLES.get(role, ()))
