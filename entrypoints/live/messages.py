"""Every message of a conversation, both ways. AsyncAPI's page is made of these."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

MOST = 2**63 - 1
TopicName = Annotated[
    str, Meta(max_length=200, description="what is watched", examples=["orders?seller=amina"])
]
Position = Annotated[int, Meta(ge=0, le=MOST, description="a place in the log")]
Event = Literal[
    "order:new",
    "order:status",
    "inventory-updated",
    "cost-calculation-progress",
    "reel:like",
    "reel:comment",
    "reel:counters",
]
Document = Annotated[Raw, Meta(description="as HTTP shows it, never its personal part; null: gone")]


class Subscribe(Struct, tag="subscribe", forbid_unknown_fields=True):
    """Watch a topic. With ``after``: only what changed behind that position."""

    topic: TopicName
    after: Position | None = None


class Unsubscribe(Struct, tag="unsubscribe", forbid_unknown_fields=True):
    topic: TopicName


class Authenticate(Struct, tag="authenticate", forbid_unknown_fields=True):
    """Go on with another token of the same person; answered by a new hello."""

    token: Annotated[str, Meta(max_length=8192)]


class Ping(Struct, tag="ping", forbid_unknown_fields=True):
    n: Annotated[int, Meta(ge=-MOST, le=MOST)] = 0


Received = Subscribe | Unsubscribe | Authenticate | Ping


class Reconnect(Struct, frozen=True):
    """Seconds to wait before connecting again: at random from ``min`` on, doubling to ``max``."""

    min: float = 0.5
    max: float = 10.0


class Hello(Struct, tag="hello", frozen=True):
    """The first message. ``expires_at``: seconds since the epoch; authenticate before."""

    user: str
    tenant: str
    expires_at: int
    reconnect: Reconnect = Reconnect()


class Item(Struct, frozen=True):
    id: str
    position: Position
    document: Document


class Snapshot(Struct, tag="snapshot", frozen=True):
    """All there is of a topic at ``position``, newest first; not ``complete``: the newest 500."""

    topic: TopicName
    position: Position
    items: list[Item]
    complete: bool


class Resumed(Struct, tag="resumed", frozen=True):
    """What changed behind ``position`` follows, each change once, in order."""

    topic: TopicName
    position: Position


class Change(Struct, tag="change", frozen=True):
    """A document as it is from ``position`` on."""

    topic: TopicName
    position: Position
    id: str
    document: Document
    event: Event | UnsetType = UNSET


class ChangedItem(Struct, frozen=True):
    id: str
    document: Document
    event: Event | UnsetType = UNSET


class Changes(Struct, tag="changes", frozen=True):
    """Several documents of a topic that changed at one position."""

    topic: TopicName
    position: Position
    items: list[ChangedItem]


class Resync(Struct, tag="resync", frozen=True):
    """What was known of the topic is no base to go on from; a snapshot follows."""

    topic: TopicName


class Error(Struct, tag="error", frozen=True):
    """``code`` as HTTP has it. ``topic``: the subscription that it ends, or prevents."""

    code: str
    detail: str = ""
    topic: str | UnsetType = UNSET
    retry_in: float | UnsetType = UNSET  # seconds


class Unsubscribed(Struct, tag="unsubscribed", frozen=True):
    """``code``: why, when it was not asked for."""

    topic: str
    code: str | UnsetType = UNSET


class Pong(Struct, tag="pong", frozen=True):
    n: int


class Bye(Struct, tag="bye", frozen=True):
    """The gateway stops: connect again in so many seconds."""

    retry_in: float


class Close(Struct, tag="close", frozen=True):
    """An event stream ends; a socket is closed with this code instead."""

    code: int
    reason: str = ""


SENT: tuple[type[Any], ...] = (
    Hello,
    Snapshot,
    Resumed,
    Change,
    Changes,
    Resync,
    Error,
    Unsubscribed,
    Pong,
    Bye,
    Close,
)
RECEIVED: tuple[type[Any], ...] = (Subscribe, Unsubscribe, Authenticate, Ping)
