"""Identity: members of a tenant, and who of them sells."""

from application.commands import Commands
from application.ports import Answer, Call, Missing, Receipt
from application.work import Work
from domain import identity, tenants
from domain.identity import AddMember, AppointSeller, DismissSeller, RemoveMember, RestoreMember
from domain.kernel import Personal, Rejected


class Identity:
    """The tenant itself must exist before it has members."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def add_member(
        self, call: Call, user: str, role: str, name: str | None = None
    ) -> Receipt:
        async def attempt(work: Work) -> Answer:
            if not (await work.load(tenants, call.tenant)).exists:
                raise Missing("tenants.unknown_tenant")
            called = Personal(user, name) if name else None
            await work.decide(identity, user, AddMember(role, called))
            return work.receipt(identity, user)

        return await self._commands.run(call, Receipt, attempt)

    async def appoint_seller(
        self, call: Call, user: str, shop: str, tier: str | None = None
    ) -> Receipt:
        return await self._change(call, user, AppointSeller(shop, tier))

    async def dismiss_seller(self, call: Call, user: str, reason: str = "") -> Receipt:
        return await self._change(call, user, DismissSeller(reason))

    async def remove_member(self, call: Call, user: str, reason: str = "") -> Receipt:
        """They may do nothing any more. Nobody removes themselves: somebody must be left."""
        if user == call.actor:
            raise Rejected("identity.yourself", "somebody else is to do it")
        return await self._change(call, user, RemoveMember(reason))

    async def restore_member(self, call: Call, user: str) -> Receipt:
        """Not by who was removed themselves, whose tokens are good for a second or two more."""
        return await self._change(call, user, RestoreMember())

    async def _change(self, call: Call, user: str, command: identity.COMMANDS) -> Receipt:
        async def attempt(work: Work) -> Answer:
            if not (await work.load(identity, user)).exists:
                raise Missing("identity.unknown_member")
            if isinstance(command, RemoveMember | RestoreMember):
                await _check_actor(work)
            await work.decide(identity, user, command)
            return work.receipt(identity, user)

        return await self._commands.run(call, Receipt, attempt)


async def _check_actor(work: Work) -> None:
    """Of two who remove each other at once one is left: the append asserts what is read here."""
    if (await work.load(identity, work.call.actor)).removed:
        raise Rejected("identity.no_longer_member", "you were removed yourself")
