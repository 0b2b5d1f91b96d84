"""Where assets are shown: one row for each place, which knows whether its product is on sale."""

from typing import Any

from domain.catalog import ProductPurged, ProductRestored, ProductRetired
from domain.kernel import Event, Recorded, but
from domain.media import Attached, Released, Withheld
from domain.reels import ReelDrafted, ReelPurged
from projections.kernel import Column, Document, Table


class Place(Document):
    """``id``: as an asset says it, ``<context>/<id>``. ``product``: the one that it shows or is
    about; empty where there is none."""

    id: str
    product: str
    on_sale: bool = True
    assets: tuple[str, ...] = ()


def evolve(place: Place | None, recorded: Recorded, id: str) -> Place | None:
    match event := recorded.event:
        case ReelDrafted(product=product):
            return Place(id, product)
        case Attached():
            return _with(place or Place(id, _product(id)), recorded.id)
    if place is None:
        return None
    match event:
        case Withheld() | Released():
            return but(place, assets=tuple(a for a in place.assets if a != recorded.id))
        case ProductRetired():
            return but(place, on_sale=False)
        case ProductRestored():
            return but(place, on_sale=True)
    return None  # purged


def _with(place: Place, asset: str) -> Place:
    return place if asset in place.assets else but(place, assets=(*place.assets, asset))


def _product(place: str) -> str:
    context, _, id = place.partition("/")
    return id if context == "catalog" else ""


class SaleMoved(Event):
    """What a place tells its assets; never stored."""

    place: str
    assets: tuple[str, ...]
    on_sale: bool


def _told(before: Place | None, after: Place | None) -> SaleMoved | None:
    """To all that it shows when its product comes or goes; to what is new while that is gone."""
    if after is None:
        return None
    known, was = (before.assets, before.on_sale) if before else ((), True)
    assets = after.assets
    if after.on_sale == was:
        assets = () if was else tuple(asset for asset in assets if asset not in known)
    return SaleMoved(after.id, assets, after.on_sale) if assets else None


def _reel(recorded: Recorded) -> tuple[str]:
    return (f"reels/{recorded.id}",)


def _of_product(recorded: Recorded) -> tuple[str, tuple[Any, ...]]:
    return "product = %s", (recorded.id,)


PLACES = Table(
    name="media_places",
    document=Place,
    on={
        ReelDrafted: _reel,
        ReelPurged: _reel,
        # Its own place alone: reels that are left know that it is not on sale.
        ProductPurged: lambda recorded: (f"catalog/{recorded.id}",),
        Attached: lambda recorded: (recorded.event.to,),
        Withheld: lambda recorded: (recorded.event.of,),
        Released: lambda recorded: (recorded.event.of,),
    },
    related=dict.fromkeys((ProductRetired, ProductRestored), _of_product),
    evolve=evolve,
    columns={"product": Column("text", lambda place: place.product)},
    indexes=("product",),
    emits=_told,
)
