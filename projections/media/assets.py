"""One row per asset, and one for each that waits for a worker."""

from datetime import datetime

from domain.kernel import Event, Recorded, but
from domain.media import (
    Attached,
    Crop,
    CropSet,
    Purged,
    Rejected,
    Released,
    Rendered,
    Stored,
    UploadRequested,
    Withheld,
    rendering_of,
)
from domain.media import Rendition as Made
from projections.kernel import Column, Document, Table, own
from projections.media.places import SaleMoved


class Rendition(Document):
    """``url``: a path of this API, for everyone while the asset is shown somewhere."""

    name: str
    format: str
    width: int
    height: int
    size: int  # bytes
    sha256: str
    url: str


class Reason(Document):
    """Why nothing came of it; ``detail`` is for people."""

    code: str
    detail: str


class Asset(Document):
    """``status``: requested, stored, rendered, rejected or purged. Width, height and crop are in
    pixels of the upright picture, the duration in seconds. ``attached``: the places that show it;
    ``off_sale``: those of them that show nothing for now, since their product is retired.
    ``published``: some place shows it, so that everyone may have its files."""

    id: str
    version: int
    owner: str
    kind: str
    status: str
    created_at: datetime
    changed_at: datetime
    sha256: str | None = None
    format: str | None = None
    size: int | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    crop: Crop | None = None  # wanted
    rendered_crop: Crop | None = None
    waits: bool = False  # for a worker
    rendering: str | None = None
    renditions: list[Rendition] = []
    rejected: Reason | None = None
    attached: list[str] = []
    withheld: list[str] = []
    off_sale: list[str] = []
    published: bool = False


def evolve(asset: Asset | None, recorded: Recorded, id: str) -> Asset | None:
    at = recorded.occurred_at
    if isinstance(event := recorded.event, UploadRequested):
        kind, owner = event.kind, event.owner
        return Asset(id, recorded.version, owner, kind, "requested", created_at=at, changed_at=at)
    if asset is None:
        return None
    if isinstance(event, SaleMoved):  # of a product: the asset itself has not changed
        return _shown(_sold(asset, event))
    asset = but(asset, version=recorded.version, changed_at=at)
    return _waiting(_shown(_changed(asset, event, recorded.tenant)))


def _sold(asset: Asset, event: SaleMoved) -> Asset:
    others = [place for place in asset.off_sale if place != event.place]
    return but(asset, off_sale=others if event.on_sale else [*others, event.place])


def _shown(asset: Asset) -> Asset:
    return but(asset, published=any(place not in asset.off_sale for place in asset.attached))


def _waiting(asset: Asset) -> Asset:
    anew = asset.status == "rendered" and asset.crop != asset.rendered_crop
    return but(asset, waits=asset.status == "stored" or anew)


def _changed(asset: Asset, event: object, tenant: str) -> Asset:
    match event:
        case Stored(size=size):
            return but(asset, status="stored", size=size)
        case Rendered():
            return _rendered(asset, event, tenant)
        case Rejected(reason=reason, detail=detail):
            status = "rendered" if asset.status == "rendered" else "rejected"
            why = Reason(reason, detail)
            return but(asset, status=status, crop=asset.rendered_crop, rejected=why)
        case CropSet(crop=crop):
            return but(asset, crop=crop)
        case Attached(to=to):
            asset = _gone(asset, to)
            return but(asset, attached=[*asset.attached, to])
        case Withheld(of=of):
            asset = _gone(_on_sale(asset, of), of)
            return but(asset, withheld=[*asset.withheld, of])
        case Released(of=of):
            return _gone(_on_sale(asset, of), of)
        case Purged():
            return but(asset, status="purged", renditions=[], rendering=None)
    return asset


def _gone(asset: Asset, of: str) -> Asset:
    attached, withheld = (
        [place for place in places if place != of] for places in (asset.attached, asset.withheld)
    )
    return but(asset, attached=attached, withheld=withheld)


def _on_sale(asset: Asset, of: str) -> Asset:
    return but(asset, off_sale=[place for place in asset.off_sale if place != of])


def _rendered(asset: Asset, event: Rendered, tenant: str) -> Asset:
    rendering = rendering_of(event.crop)
    return but(
        asset,
        status="rendered",
        sha256=event.sha256,
        format=event.format,
        size=event.size,
        width=event.width,
        height=event.height,
        duration=event.duration,
        rendered_crop=event.crop,
        rendering=rendering,
        renditions=[_public(made, f"{tenant}/{asset.id}/{rendering}") for made in event.renditions],
        rejected=None,
    )


def _public(made: Made, place: str) -> Rendition:
    return Rendition(
        made.name,
        made.format,
        made.width,
        made.height,
        made.size,
        made.sha256,
        f"/api/v1/media/public/{place}/{made.file}",
    )


class Told(Event):
    """What an asset tells the jobs; never stored."""

    waits: bool


def _told(before: Asset | None, after: Asset | None) -> Told | None:
    was, waits = before is not None and before.waits, after is not None and after.waits
    return Told(waits) if was or waits else None


class Job(Document):
    """An asset that waits for a worker, since the event at ``version``."""

    asset: str
    version: int


def _job(job: Job | None, recorded: Recorded, id: str) -> Job | None:
    return Job(id, recorded.version) if recorded.event.waits else None


ASSETS = Table(
    name="media_assets",
    document=Asset,
    on={
        **dict.fromkeys(
            (
                UploadRequested,
                Stored,
                Rendered,
                Rejected,
                CropSet,
                Attached,
                Withheld,
                Released,
                Purged,
            ),
            own,
        ),
        SaleMoved: lambda recorded: recorded.event.assets,
    },
    evolve=evolve,
    columns={
        "owner": Column("text", lambda a: a.owner),
        "status": Column("text", lambda a: a.status),
        "published": Column("boolean", lambda a: a.published),
        "kept": Column("boolean", lambda a: bool(a.attached or a.withheld)),
        "sha256": Column("text", lambda a: a.sha256),
        "created_at": Column("timestamptz", lambda a: a.created_at),
        "changed_at": Column("timestamptz", lambda a: a.changed_at),
    },
    indexes=("owner, created_at", "status, created_at", "created_at", "changed_at"),
    topic=lambda id, asset: f"media.{id}.{asset.owner}",
    emits=_told,
)
JOBS = Table(
    name="media_jobs",
    document=Job,
    on={Told: own},
    evolve=_job,
)
