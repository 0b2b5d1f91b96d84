"""What the client hands on: the gateway's messages about a topic, and its errors."""

from typing import TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from entrypoints.live import messages

D = TypeVar("D")
GONE = b"null"


class Document(Struct, frozen=True):
    """One document of a topic. ``event``: order:new and the like, where the topic has them."""

    id: str
    position: int
    json: bytes
    event: str | None = None

    @property
    def gone(self) -> bool:
        return self.json == GONE

    def read(self, kind: type[D]) -> D:
        """As a Struct, or ``dict``. Raises msgspec.ValidationError."""
        return msgspec.json.decode(self.json, type=kind)


class Snapshot(Struct, frozen=True):
    """All there is at a position, newest first; not ``complete``: the newest 500."""

    topic: str
    position: int
    documents: tuple[Document, ...]
    complete: bool


class Change(Struct, frozen=True):
    """What changed at a position: one document, seldom several. Forget those that are gone."""

    topic: str
    position: int
    documents: tuple[Document, ...]


class Resync(Struct, frozen=True):
    """Forget what you have of the topic: a snapshot follows."""

    topic: str


Message = Snapshot | Change | Resync


class LiveError(Exception):
    """``code``: as HTTP has it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail = code, detail


class Refused(LiveError):
    """The gateway does not let this client in, or not any more. ``status``: of HTTP, or the code
    that it closed with."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.status = status


class TopicRefused(LiveError):
    """A topic that this client may not watch, or not any more."""


class Problem(Struct):
    """The body of a refusal."""

    code: str = "refused"
    detail: str = ""


def refusal(status: int, body: bytes) -> Refused:
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except msgspec.MsgspecError:
        problem = Problem()
    return Refused(status, problem.code, problem.detail)


def message_of(said: object) -> Message | None:
    """None for what is not about a topic's documents."""
    match said:
        case messages.Snapshot(topic, position, items, complete):
            found = tuple(Document(i.id, i.position, bytes(i.document)) for i in items)
            return Snapshot(topic, position, found, complete)
        case messages.Change(topic, position, id, document, event):
            return Change(topic, position, (_document(id, position, document, event),))
        case messages.Changes(topic, position, items):
            found = tuple(_document(i.id, position, i.document, i.event) for i in items)
            return Change(topic, position, found)
        case messages.Resync(topic):
            return Resync(topic)
    return None


def _document(id: str, position: int, body: Raw, event: str | UnsetType) -> Document:
    return Document(id, position, bytes(body), None if event is UNSET else str(event))
