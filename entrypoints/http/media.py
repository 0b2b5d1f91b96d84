"""/media"""

import hashlib
from contextlib import suppress
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter
from litestar.response.base import ASGIResponse

from adapters.media import keys
from adapters.media.objects import Gone
from adapters.media.verdict import CONTENT_TYPES
from application.media import Media
from application.ports import Missing, Receipt
from domain import media as rules
from domain.kernel import Rejected
from entrypoints.http import pictures
from entrypoints.http.caller import Caller
from entrypoints.http.commands import On, Sent, SentToCreate
from entrypoints.http.heads import is_bare
from entrypoints.http.pictures import UNKNOWN
from entrypoints.http.routes import changes, creates, lists, reads
from entrypoints.http.uploads import (
    LARGEST,
    Link,
    Links,
    NewImage,
    NewUpload,
    Place,
    Upload,
    WantedCrop,
)
from entrypoints.http.views import Paging, View
from entrypoints.wiring import Souk
from projections import media

LASTS = 900  # seconds that a signed address is good for
BYTES = "application/octet-stream"
FULL = ("media.too_large", "storage.quota_reached")
Status: TypeAlias = Literal["requested", "stored", "rendered", "rejected", "purged"]
TheAsset: TypeAlias = NamedDependency[On[Media]]
Part: TypeAlias = Annotated[str, PathParameter(max_length=64)]


async def asset(
    id: FromPath[UUID],
    call: Sent,
    caller: NamedDependency[Caller],
    souk: NamedDependency[Souk],
) -> On[Media]:
    return On(souk.media, call, str(id), caller.as_owner("media"))


class MediaController(Controller):
    path = "/media"
    tags = ["media"]
    opt = {"projection": "media"}
    dependencies = {"asset": Provide(asset)}

    @post("/", **creates("media:create", *FULL, "media.checksum_malformed"))
    async def request(
        self, data: JSONBody[NewUpload], creating: SentToCreate, souk: NamedDependency[Souk]
    ) -> Upload:
        """Ask where to send an image or a video: straight to the bucket, not through here. The
        form's conditions are signed: its key and its size. The same key again: the same upload,
        signed anew."""
        await souk.objects.ready()
        made = await souk.media.request(creating, creating.id, data.kind, data.size, data.sha256)
        place = keys.upload(creating.tenant, made.id)
        form = souk.objects.form(place, made.largest, LASTS)
        where = (made.id, made.version, made.position, form.url, form.fields)
        return Upload(*where, made.largest, LASTS)

    @post(
        "/inline",
        **creates("media:create", *FULL, "media.data_url_malformed", "media.empty", "media.purged"),
    )
    async def inline(
        self, data: JSONBody[NewImage], creating: SentToCreate, souk: NamedDependency[Souk]
    ) -> Receipt:
        """Send a small image within JSON: asked for, sent and confirmed by one request."""
        content, cases = data.decoded(), souk.media
        if len(content) > LARGEST:
            raise Rejected("media.too_large", f"at most {LARGEST:,} bytes within JSON")
        if done := await cases.confirmed(creating):
            return done
        await souk.objects.ready()
        size, digest = len(content), hashlib.sha256(content).hexdigest()
        id = (await cases.begin(creating, creating.id, "image", size, digest)).id
        place = keys.upload(creating.tenant, id)
        if await cases.awaited(creating, id, None):
            await souk.objects.put(place, content, BYTES)
        try:
            done = await cases.confirm(creating, id, None, size)
        except Rejected:  # purged meanwhile
            await souk.objects.remove(place)
            raise
        if await cases.looked_at(creating, id):  # sent twice at once, and the worker was quick
            await souk.objects.remove(place)
        return done

    @post(
        "/{id:uuid}/confirm",
        **changes("media:create", "media.not_uploaded", "media.purged", missing=UNKNOWN),
    )
    async def confirm(
        self, id: FromPath[UUID], call: Sent, asset: TheAsset, souk: NamedDependency[Souk]
    ) -> Receipt:
        """Say that the bytes are sent. A worker looks at them: watch the asset become rendered, or
        rejected for a reason."""
        size = None
        if await asset(Media.awaited):
            with suppress(Gone):
                size = (await souk.objects.stat(keys.upload(call.tenant, str(id)))).size
        return await asset(Media.confirm, size)

    @post(
        "/{id:uuid}/crop",
        **changes(
            "media:update",
            "media.not_rendered",
            "media.not_cropped",
            "media.crop_outside",
            missing=UNKNOWN,
        ),
    )
    async def crop(self, data: JSONBody[WantedCrop], asset: TheAsset) -> Receipt:
        """Show a part of the picture only: it is rendered anew, under new names."""
        return await asset(Media.change, rules.SetCrop(data.value()))

    @post(
        "/{id:uuid}/attach",
        **changes(
            "media:update",
            "media.not_rendered",
            "media.place_malformed",
            "media.attached_too_often",
            "catalog.retired",
            missing=f"{UNKNOWN} catalog.unknown_product",
            denied="catalog.not_yours",
        ),
    )
    async def attach(self, data: JSONBody[Place], asset: TheAsset) -> Receipt:
        """Show it with a product: its renditions are public as long as anything shows it."""
        return await asset(Media.attach, str(data.product))

    @post("/{id:uuid}/release", **changes("media:update", missing=UNKNOWN))
    async def release(self, data: JSONBody[Place], asset: TheAsset) -> Receipt:
        """No longer show it there. What nothing shows may be purged after its retention."""
        return await asset(Media.release, str(data.product))

    @get("/", **lists("media:read", media.Asset))
    async def assets(
        self,
        view: NamedDependency[View],
        paging: NamedDependency[Paging],
        status: FromQuery[Status | None] = None,
    ) -> ASGIResponse:
        """The caller's uploads, or everyone's for staff; newest first."""
        owner = _owner(view.caller)
        found = await media.assets(view.db, owner, status, paging.page, paging.limit)
        return view.page(found, paging)

    @get("/{id:uuid}", **reads("media:read", media.Asset, UNKNOWN))
    async def one(self, id: FromPath[UUID], view: NamedDependency[View]) -> ASGIResponse:
        """One upload: what was made of it, or why nothing was."""
        found = await media.asset(view.db, str(id), _owner(view.caller))
        return view.one(found, UNKNOWN)

    @get("/{id:uuid}/links", **reads("media:read", Links, UNKNOWN))
    async def links(
        self, id: FromPath[UUID], view: NamedDependency[View], souk: NamedDependency[Souk]
    ) -> ASGIResponse:
        """Signed addresses of the upload itself and of its renditions, shown anywhere or not."""
        found = await media.asset(view.db, str(id), _owner(view.caller))
        if found is None:
            raise Missing(UNKNOWN)
        return view.document(_links(souk, view.caller.tenant, media.opened(found)))

    @get(
        "/public/{tenant:str}/{id:uuid}/{rendering:str}/{file:str}",
        opt={"public": True, "anyone": True},
        include_in_schema=False,
    )
    async def public(
        self,
        request: Request[Any, Any, Any],
        tenant: Part,
        id: FromPath[UUID],
        rendering: Part,
        file: Part,
        souk: NamedDependency[Souk],
    ) -> ASGIResponse:
        """A rendition that everyone may see, for ever the same bytes."""
        key, kind = await pictures.key_of(souk, tenant, str(id), rendering, file)
        return await pictures.sent(souk, key, kind, request.headers, is_bare(request.scope))


def _owner(caller: Caller) -> str | None:
    return None if caller.sees_all("media") else caller.user


def _links(souk: Souk, tenant: str, asset: media.Asset) -> Links:
    if asset.sha256 is None or asset.rendering is None:
        return Links(None, [], LASTS)
    sha256, rendering = asset.sha256, asset.rendering
    source = souk.objects.link(keys.source(tenant, sha256), LASTS, BYTES)

    def link(made: media.Rendition) -> Link:
        key = keys.named(tenant, sha256, rendering, f"{made.name}.{made.format}")
        url = souk.objects.link(key, LASTS, CONTENT_TYPES[made.format])
        return Link(made.name, made.format, url)

    return Links(source, [link(made) for made in asset.renditions], LASTS)
