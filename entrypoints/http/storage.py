"""/storage"""

from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from application.ports import Receipt
from domain import storage as rules
from entrypoints.http.commands import Sent
from entrypoints.http.routes import changes, reads
from entrypoints.http.views import View
from entrypoints.wiring import Souk
from projections import storage


class NewQuota(Struct, forbid_unknown_fields=True):
    """In bytes."""

    quota: Annotated[int, Meta(ge=0, le=10**15)]


class ImageLimit(Struct, forbid_unknown_fields=True):
    """In bytes."""

    largest: Annotated[int, Meta(ge=1, le=rules.LARGEST)]


class StorageController(Controller):
    path = "/storage"
    tags = ["storage"]
    opt = {"projection": "storage"}

    @get("/usage", **reads("media:read_all", storage.Usage))
    async def usage(self, view: NamedDependency[View]) -> ASGIResponse:
        """What the tenant keeps, and may keep."""
        found = await storage.usage(view.db, rules.USAGE)
        if found is None:
            return view.document(storage.Usage(rules.USAGE))
        return view.one(found, "")

    @post("/quota", **changes("media:manage", "storage.quota_negative"))
    async def quota(
        self, data: JSONBody[NewQuota], call: Sent, souk: NamedDependency[Souk]
    ) -> Receipt:
        """Set how much the tenant may keep. Below what it uses nothing is lost, nor taken."""
        return await souk.storage.set_quota(call, data.quota)

    @post("/image-limit", **changes("media:manage", "storage.limit_out_of_range"))
    async def image_limit(
        self, data: JSONBody[ImageLimit], call: Sent, souk: NamedDependency[Souk]
    ) -> Receipt:
        """Set how large an uploaded image may be."""
        return await souk.storage.limit_images(call, data.largest)
