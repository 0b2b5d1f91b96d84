"""Figures: what the read side tells of a tenant, to be recomputed from the events."""

from typing import Any, ClassVar, Literal

import msgspec
from msgspec import Struct

from domain.money import Price


class _Figure(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    id: str


class OrderFigure(_Figure, frozen=True, tag="order"):
    status: str
    total: Price


class ReelFigure(_Figure, frozen=True, tag="reel"):
    likes: int
    comments: int
    views: int


class SellerFigure(_Figure, frozen=True, tag="seller"):
    """``revenue``: paid less paid back, an amount per currency in the order of their codes."""

    revenue: tuple[Price, ...]


Figure = OrderFigure | ReelFigure | SellerFigure
Kind = Literal["order", "reel", "seller"]


class Source(Struct, frozen=True):
    """Where figures of a kind are read: a projection, its table, and what of its rows."""

    projection: str
    table: str
    figure: type[OrderFigure] | type[ReelFigure] | type[SellerFigure]

    KINDS: ClassVar[tuple[str, ...]] = ("order", "reel", "seller")


SOURCES: dict[str, Source] = {
    "order": Source("orders", "orders_orders", OrderFigure),
    "reel": Source("engagement", "engagement_reels", ReelFigure),
    "seller": Source("analytics", "analytics_sellers", SellerFigure),
}
_ENCODER = msgspec.json.Encoder()
_DECODER: "msgspec.json.Decoder[Figure]" = msgspec.json.Decoder(Figure)


def line_of(kind: str, body: bytes) -> bytes:
    """Of a row's document."""
    figure, document = SOURCES[kind].figure, msgspec.json.decode(body)
    told: dict[str, Any] = {name: document[name] for name in figure.__struct_fields__}
    return _ENCODER.encode(msgspec.convert(told | {"kind": kind}, figure)) + b"\n"


def read(line: bytes) -> Figure:
    """ValueError or MsgspecError for what is none, or is not written as it must be."""
    figure = _DECODER.decode(line)
    if _ENCODER.encode(figure) != line:
        raise ValueError("not written as a figure must be")
    return figure


def kind_of(figure: Figure) -> str:
    return str(figure.__struct_config__.tag)
