"""How every bulk is answered: tried first, and carried out once it is confirmed."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import uuid4

from litestar import Request
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from application.bulks import Batch, Changed, Ran
from application.bulks.items import Blocked, Example, Preview
from domain.bulks import Bulk, Refusal
from domain.kernel import Rejected, but
from entrypoints.http.caller import Caller
from entrypoints.http.commands import Sent
from entrypoints.http.confirming import Confirm as Confirmed
from entrypoints.http.confirming import digest, offered, read
from entrypoints.http.problems import Problem
from entrypoints.http.routes import changes
from entrypoints.wiring import Souk

Confirm: TypeAlias = Annotated[str, Meta(max_length=400, description="of the preview")]
Source: TypeAlias = Callable[[str, Bulk | None], Awaitable[Batch]]
CHANGED = Problem(409, "bulks.selection_changed", "it is not what was previewed: look again")


class Would(Struct, frozen=True):
    """How many items; ``unchanged``: they are so already."""

    create: int
    update: int
    delete: int
    restore: int
    unchanged: int


class Refusals(Struct, frozen=True):
    """``first``: 100 at the most."""

    count: int
    first: tuple[Refusal, ...]


class Blocks(Struct, frozen=True):
    """Items that somebody has changed since; they stay as they are. ``first``: 100 at the most."""

    count: int
    first: tuple[Blocked, ...]


class Previewed(Struct, frozen=True):
    """What would become of ``total`` items; nothing is written. Send the same once more with
    ``confirm``, until ``expires_at``, and it is carried out, as the bulk ``id``; null: there is
    nothing to do. ``undone_by``: the bulk has been undone already."""

    id: str
    total: int
    would: Would
    examples: tuple[Example, ...]
    refused: Refusals
    blocked: Blocks
    confirm: str | None
    expires_at: datetime | None
    undone_by: str | None = None


def bulks(permission: str, *rejects: str, missing: str = "") -> dict[str, Any]:
    """A route that takes a bulk. ``rejects``, ``missing``: codes of its own."""
    known = ("bulks.too_many", "bulks.confirm_malformed", "bulks.confirm_expired", "bulks.undone")
    others = {"missing": missing} if missing else {}
    return changes(permission, *known, *rejects, taken="bulks.selection_changed", **others)


class Bulking:
    """One request for a bulk."""

    def __init__(self, souk: Souk, caller: Caller, call: Sent, route: str) -> None:
        self.souk, self.caller, self.call = souk, caller, call
        self._whose = (caller.tenant, caller.user, route)

    async def answer(
        self, asked: Any, source: Source, stopped_by: str | None = None
    ) -> Previewed | Ran:
        """``asked``: the body, with its ``confirm`` if there is one. ``source``: the items of the
        bulk of that id, which may have begun. ``stopped_by``: the bulk that has begun with taking
        back what this one is to. Raises Rejected, Problem."""
        body = digest(unconfirmed(asked))
        if asked.confirm is None:
            return await self._preview(body, source)
        return await self._run(asked.confirm, body, source, stopped_by)

    async def _preview(self, body: str, source: Source) -> Previewed:
        id = str(uuid4())
        batch = await source(id, None)
        id = batch.stopped_by or id  # which goes on, for whoever asks
        preview = await self.souk.bulks.preview(self.call, batch)
        confirm = offered(id, body, digest(batch.selection))
        signed = confirm.signed(self.souk.settings.secret, self._whose)
        return previewed(id, preview, signed, confirm.expires_at)

    async def _run(self, text: str, body: str, source: Source, stopped_by: str | None) -> Ran:
        confirm = read(text, self.souk.settings.secret, self._whose)
        if confirm.body != body:
            raise CHANGED
        begun = await self.souk.bulks.begun(self.call, confirm.id)
        if begun is None and confirm.expired and confirm.id != stopped_by:
            raise Rejected("bulks.confirm_expired", "look again, and confirm what you see then")
        batch = await source(confirm.id, begun)
        if begun is None:
            batch = await self._selected(confirm, batch)
        try:
            batch = but(batch, digest=confirm.digest)
            return await self.souk.bulks.run(self.call, confirm.id, batch)
        except Changed:
            raise CHANGED from None

    async def _selected(self, confirm: Confirmed, batch: Batch) -> Batch:
        """What was looked at; of a bulk that still ran, what it has come to by now."""
        if batch.undoes and confirm.selection == digest(batch.undoes):
            return await self.souk.bulks.stop(self.call, confirm.id, batch)
        if confirm.selection != digest(batch.ids):
            raise CHANGED
        return batch


def unconfirmed(asked: Struct) -> object:
    return {name: getattr(asked, name) for name in asked.__struct_fields__ if name != "confirm"}


def previewed(
    id: str,
    preview: Preview,
    confirm: str | None,
    until: datetime | None,
    undone_by: str | None = None,
) -> Previewed:
    return Previewed(
        id,
        preview.total,
        Would(**preview.would),
        preview.examples,
        Refusals(preview.refused_count, preview.refused),
        Blocks(preview.blocked_count, preview.blocked),
        confirm,
        until,
        undone_by,
    )


async def bulking(
    request: Request[Any, Any, Any],
    souk: NamedDependency[Souk],
    caller: NamedDependency[Caller],
    call: Sent,
) -> Bulking:
    return Bulking(souk, caller, call, f"{request.method} {request.scope['path']}")


TheBulk: TypeAlias = NamedDependency[Bulking]
