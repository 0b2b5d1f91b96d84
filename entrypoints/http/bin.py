"""/bin"""

from collections.abc import Mapping, Set
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeAlias
from uuid import uuid4

import msgspec
from litestar import Controller, Request, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct
from msgspec.structs import replace

from application.bin import Condemned, Kept, Named
from domain.kernel import Rejected
from domain.tenants import LONGEST
from entrypoints.http.bulking import CHANGED, unconfirmed
from entrypoints.http.caller import Caller
from entrypoints.http.commands import Sent
from entrypoints.http.confirming import LASTS, Confirm, digest, offered, read
from entrypoints.http.due import Choice, chosen
from entrypoints.http.routes import changes, slices
from entrypoints.http.slicing import Slicing, slicing
from entrypoints.http.views import View
from entrypoints.http.views import digest as state_of
from entrypoints.wiring import Souk
from projections import bin
from projections.kernel import Reader

MOST, SHOWN = 500, 10  # things that one request purges, and examples of them
Needs: TypeAlias = Mapping[Named, Set[Named]]
Context: TypeAlias = Literal[
    "catalog", "categories", "comments", "costing", "identity", "materials", "reels"
]


class Binned(bin.Thing, kw_only=True):
    """``kept_until``: it can surely be restored till then; null: for ever."""

    kept_until: datetime | None


class Purging(Struct, forbid_unknown_fields=True):
    """``context`` null: of all. ``older_than_days``: at least the tenant's retention, which is
    meant by null. Without ``confirm`` nothing is purged."""

    context: Context | None = None
    older_than_days: Annotated[int, Meta(ge=0, le=LONGEST)] | None = None
    confirm: Annotated[str, Meta(max_length=400, description="of the dry run")] | None = None


class WouldPurge(Struct, frozen=True):
    """Of ``total`` things that are due, the ``now`` longest deleted that nothing needs would be
    purged; send the same with ``confirm`` until ``expires_at``, and they are. Null: none is due."""

    total: int
    now: int
    examples: list[bin.Thing]
    confirm: str | None
    expires_at: datetime | None


class Purged(Struct, frozen=True):
    """``kept``: the first 100 of what was not purged, and why: it came back meanwhile, or something
    needs it."""

    id: str
    position: int
    purged: int
    kept: list[Kept]


class BinController(Controller):
    path = "/bin"
    tags = ["bin"]
    opt = {"projection": "bin"}
    dependencies = {"slicing": Provide(slicing)}

    @get("/", **slices("bin:read", Binned))
    async def things(
        self,
        view: NamedDependency[View],
        slicing: NamedDependency[Slicing],
        context: FromQuery[Context | None] = None,
    ) -> ASGIResponse:
        """What is deleted, the last first: the caller's own, everyone's for staff."""
        owner = None if view.caller.sees_all("bin") else view.caller.user
        found = await bin.things(view.db, context, owner, slicing.before, slicing.limit)
        days = await bin.retention(view.db)
        bodies = [msgspec.json.encode(_binned(row.body, days)) for row in found.items]
        state = state_of([[row.id, row.position] for row in found.items] + [[days, found.next]])
        return view.slice(bodies, state, found.next)

    @post(
        "/purge",
        **changes(
            "bin:hard_delete",
            "bin.within_retention",
            "bulks.confirm_malformed",
            "bulks.confirm_expired",
            taken="bulks.selection_changed",
        ),
    )
    async def purge(
        self,
        data: JSONBody[Purging],
        request: Request[Any, Any, Any],
        call: Sent,
        caller: NamedDependency[Caller],
        souk: NamedDependency[Souk],
    ) -> WouldPurge | Purged:
        """Let go for good of what was deleted longer ago than the tenant keeps it. Without
        ``confirm`` it is only told what that would be."""
        db = souk.reader(caller.tenant)  # as it is now: no view, which may be of the past
        whose = (caller.tenant, caller.user, request.scope["path"])
        if data.confirm is None:
            return await _would(db, await souk.bin.needs(call), data, souk.settings.secret, whose)
        confirm = read(data.confirm, souk.settings.secret, whose)
        done = await souk.bin.purged(call)
        if done is None:
            if confirm.expired:
                raise Rejected("bulks.confirm_expired", "look again, and confirm what you see then")
            _, choice = await _due(db, await souk.bin.needs(call), data, confirm)
            things = _told(choice)
            if (confirm.body, confirm.selection) != (digest(unconfirmed(data)), _selection(things)):
                raise CHANGED
            done = await souk.bin.purge(call, [_condemned(thing) for thing in things])
        return Purged(confirm.id, done.position, done.purged, list(done.kept[:100]))


async def _would(
    db: Reader, needs: Needs, asked: Purging, secret: bytes, whose: tuple[str, ...]
) -> WouldPurge:
    confirm = offered(str(uuid4()), digest(unconfirmed(asked)), "")
    total, choice = await _due(db, needs, asked, confirm)
    if not (things := _told(choice)):
        return WouldPurge(0, 0, [], None, None)
    signed = replace(confirm, selection=_selection(things)).signed(secret, whose)
    shown = choice.free[:SHOWN]
    return WouldPurge(total, len(choice.free), shown, signed, confirm.expires_at)


def _condemned(thing: bin.Thing) -> Condemned:
    return Condemned(thing.context, thing.id, thing.place, thing.media)


def _told(choice: Choice) -> list[bin.Thing]:
    """What is tried: where there is room, also what is held, so that it is told by what."""
    return [*choice.free, *choice.held][:MOST]


async def _due(db: Reader, needs: Needs, asked: Purging, confirm: Confirm) -> tuple[int, Choice]:
    """By the second in which it was looked at first, or more would be due by the time that it is
    confirmed."""
    looked = confirm.expires_at - timedelta(seconds=LASTS - 1)
    return await chosen(db, needs, asked.context, asked.older_than_days, looked, MOST)


def _selection(things: list[bin.Thing]) -> str:
    return digest([[thing.context, thing.id, thing.place] for thing in things])


def _binned(body: bytes, days: int) -> Binned:
    thing = bin.read(body)
    until = None
    if thing.deleted_at is not None and thing.context in bin.PURGEABLE:
        until = thing.deleted_at + timedelta(days=days)
    parts = {name: getattr(thing, name) for name in thing.__struct_fields__}
    return Binned(**parts, kept_until=until)
