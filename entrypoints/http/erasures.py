"""/erasures"""

import hashlib
import hmac
from datetime import datetime
from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from domain.kernel import Rejected
from entrypoints.http.commands import SentToCreate
from entrypoints.http.names import Code, Name, NamedInPath
from entrypoints.http.routes import creates, lists, reads
from entrypoints.http.views import Paging, View
from entrypoints.wiring import Souk
from projections import erasures
from projections.kernel import Document

UNKNOWN = "erasures.not_erased"
PERMISSION = "members:hard_delete"


class Held(Document):
    """What is held about a person. ``streams``: events with their words, by stream; ``rows``: by
    table; ``files``: their uploads and their state. ``confirm``: to be sent to erase them."""

    subject: str
    erased: bool
    streams: dict[str, int]
    rows: dict[str, int]
    files: dict[str, str]
    confirm: str


class NewErasure(Struct, forbid_unknown_fields=True):
    """``confirm``: what ``GET /erasures/{subject}/held`` answered."""

    subject: Name
    confirm: Annotated[str, Meta(max_length=64)]
    reason: Code = "requested"


class Erased(Struct, frozen=True):
    """The receipt. ``purged``: how many of what; ``signature``: a JWS of the instance."""

    id: str
    position: int
    at: datetime
    reason: str
    purged: dict[str, int]
    signature: str


class ErasuresController(Controller):
    path = "/erasures"
    tags = ["erasures"]
    opt = {"projection": "erasures"}

    @post(
        "/",
        **creates(
            PERMISSION,
            "erasures.unconfirmed",
            "erasures.subject_malformed",
            "erasures.reason_malformed",
        ),
    )
    async def erase(
        self, data: JSONBody[NewErasure], creating: SentToCreate, souk: NamedDependency[Souk]
    ) -> Erased:
        """Erase a person, for ever; look first what is held. Again: what a crash left is done."""
        wanted = _confirming(souk, creating.tenant, data.subject)
        if not hmac.compare_digest(wanted.encode(), data.confirm.encode()):
            raise Rejected("erasures.unconfirmed", "look at what is held about them first")
        signed = await souk.eraser.erase(creating, data.subject, data.reason)
        told = signed.receipt
        return Erased(
            told.subject, told.position, told.at, told.reason, told.purged, signed.signature
        )

    @get("/", **lists(PERMISSION, erasures.Erasure))
    async def everyone(
        self, view: NamedDependency[View], paging: NamedDependency[Paging]
    ) -> ASGIResponse:
        """Who was erased, the latest first."""
        return view.page(await erasures.erasures(view.db, paging.page, paging.limit), paging)

    @get("/{subject:str}", **reads(PERMISSION, erasures.Erasure, UNKNOWN))
    async def erasure(self, subject: NamedInPath, view: NamedDependency[View]) -> ASGIResponse:
        """That somebody was erased, and why."""
        return view.one(await erasures.erasure(view.db, subject), UNKNOWN)

    @get("/{subject:str}/held", **reads(PERMISSION, Held, present=True))
    async def held(
        self, subject: NamedInPath, view: NamedDependency[View], souk: NamedDependency[Souk]
    ) -> ASGIResponse:
        """What is held about a person; nothing is changed."""
        tenant = view.caller.tenant
        found = await souk.eraser.holding(tenant, subject)
        confirm = _confirming(souk, tenant, subject)
        return view.document(
            Held(subject, found.erased, found.streams, found.rows, found.files, confirm)
        )


def _confirming(souk: Souk, tenant: str, subject: str) -> str:
    """Nobody erases by a slip: it takes having asked for exactly this person."""
    said = b"\0".join([b"erase", tenant.encode(), subject.encode()])
    return hmac.digest(souk.settings.secret, said, hashlib.sha256).hex()[:16]
