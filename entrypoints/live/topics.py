"""Topics: what their names mean, who may watch them, and how their changes are told."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from adapters.live import change
from adapters.live.change import ID, Where
from adapters.live.peer import Frame
from application.ports import Forbidden, Missing
from entrypoints.caller import Caller
from entrypoints.live.kind import Kind
from entrypoints.live.kinds import BOARD, KINDS, TOTALS, kind_of
from entrypoints.live.messages import Change, ChangedItem, Changes, Event
from projections.analytics.sales import SALES_ID

NAME = re.compile(
    r"(?P<context>[a-z]{1,40})"
    r"(?:/(?P<id>[A-Za-z0-9_-]{1,64})|\?(?P<filter>[a-z_]{1,40})=(?P<value>[A-Za-z0-9_-]{1,64}))?",
    re.ASCII,
)
GONE = b"null"


class Malformed(Exception):
    """Not the name of a topic; the message says why."""


class Right(Enum):
    """``PARTY``: the document itself tells whether the caller is one whose it is."""

    ANY = "any"
    PARTY = "party"


class Whose(Struct, frozen=True):
    """What a document says of who may see it."""

    seller: str = ""
    buyer: str = ""
    owner: str = ""
    viewer: str = ""
    author: str = ""
    retired: bool = False
    visible: bool = True


_WHOSE = msgspec.json.Decoder(Whose)
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True)
class Topic:
    """``text``: its name, of which there is only one way to write it."""

    text: str
    kind: Kind
    where: Where

    @property
    def by_id(self) -> bool:
        return self.where.token == ID

    @property
    def newest_wins(self) -> bool:
        return self.kind.newest_wins

    def hides(self, changes: Sequence[change.Change]) -> bool:
        """Some of it is retired, which most people must not see."""
        return self.kind.bin != "" and any(retired(told.document) for told in changes)

    def over(self, document: bytes | None) -> "Topic | None":
        """The document that it is under, where there is one: its name says which, or else the one
        ``document`` that it is itself, if that is there."""
        kind, where = self.kind, self.where
        if kind.under is None:
            return None
        if where.token == kind.names:
            id = where.value
        elif self.by_id and document is not None:
            id = msgspec.json.decode(document)[kind.by]
        else:
            return None
        context = kind.under.context
        return Topic(f"{context}/{id}", kind.under, Where(context, context, ID, id))

    def loses(self, changed: change.Change) -> bool:
        """What it is under is gone, or not for everybody."""
        return changed.document == GONE or retired(changed.document)

    def changed(self, changes: Sequence[change.Change], hidden: bool) -> Frame:
        position = changes[-1].position
        parts = [self._part(told, hidden) for told in changes]
        if len(parts) == 1:
            (part,) = parts
            message = Change(self.text, position, part.id, part.document, part.event)
            return Frame(_ENCODER.encode(message), str(position))
        return Frame(_ENCODER.encode(Changes(self.text, position, parts)), str(position))

    def _part(self, told: change.Change, hidden: bool) -> ChangedItem:
        document = told.document
        if hidden and self.kind.bin and retired(document):
            document = GONE
        if document != GONE and self.kind.over and self.kind.over(document):
            document = GONE
        return ChangedItem(told.id, Raw(document), self._event(told))

    def _event(self, told: change.Change) -> Event | UnsetType:
        if self.kind.events is None:
            return UNSET
        new, changed = self.kind.events
        return new if told.first else changed


def parse(text: str) -> Topic:
    """Raises Malformed; Missing, as a route does, for a context or an id that cannot be."""
    named = NAME.fullmatch(text)
    if named is None:
        raise Malformed("a topic is context/id, context?filter=value or context")
    kind = kind_of(named["context"], named["id"] or "", named["filter"] or "")
    if kind is None:
        raise Missing("not_found")
    if named["id"]:
        if kind.uuids and not _is_uuid(named["id"]):
            raise Missing("not_found")
        return Topic(text, kind, Where(kind.context, kind.context, ID, named["id"]))
    if named["filter"]:
        return Topic(text, kind, _filtered(kind, named["filter"], named["value"]))
    if not kind.whole:
        raise Missing("not_found")
    return Topic(text, kind, Where(kind.context, kind.context))


def _filtered(kind: Kind, name: str, value: str) -> Where:
    if (token := kind.filters.get(name)) is None:
        raise Malformed(f"{kind.context} are filtered by {', '.join(kind.filters) or 'nothing'}")
    return Where(kind.context, kind.context, token, value)


def _is_uuid(text: str) -> bool:
    """Written as the API writes it: each document has one name only."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def right(caller: Caller, topic: Topic) -> Right:
    """Raises Forbidden for what needs more than the caller holds, whether it exists or not."""
    kind, where = topic.kind, topic.where
    caller.need(kind.permission)
    if kind.open(where.token) or kind.seen_by(caller):
        return Right.ANY
    if kind.tiers and where.value == caller.tier:
        return Right.ANY
    if topic.by_id and kind.filters:
        return Right.PARTY
    if topic.where.token and kind.own and where.value == caller.user:
        return Right.ANY
    raise Forbidden("forbidden")


def offered(caller: Caller) -> list[str]:
    """The topics that the caller may ask for, as patterns: {id}, {seller} stand for any."""
    kinds = (*KINDS.values(), TOTALS, BOARD)
    return [pattern for kind in kinds for pattern in _offered(caller, kind)]


def _offered(caller: Caller, kind: Kind) -> list[str]:
    if not caller.may(kind.permission):
        return []
    wide = kind.open(0) or kind.seen_by(caller)
    if kind is BOARD:
        tier = "{target}" if wide else caller.tier
        return [f"{kind.context}?target={tier}"] if tier else []
    if kind is TOTALS:
        return [f"{kind.context}/{SALES_ID}"] if wide else []
    one = f"{{{kind.id}}}" if kind.uuids or kind.filters or wide else caller.user
    names = [
        f"{name}={{{name}}}" if wide or kind.open(token) else f"{name}={caller.user}"
        for name, token in kind.filters.items()
    ]
    whole = [kind.context] if wide and kind.whole else []
    return [f"{kind.context}/{one}", *(f"{kind.context}?{name}" for name in names), *whole]


def hidden(caller: Caller, topic: Topic, own: bool) -> bool:
    """Whether what is retired is hidden from them; ``own``: the one document is theirs."""
    kind, where = topic.kind.under or topic.kind, topic.where
    mine = own or (where.token > ID and where.value == caller.user)
    return kind.bin != "" and not (mine or _sees_bin(caller, kind))


def sees(caller: Caller, kind: Kind, document: bytes | None) -> bool:
    """Whether that one document of a kind for all is there for them."""
    if document is None or document == GONE:
        return False
    return not retired(document) or owned(kind, document, caller.user) or _sees_bin(caller, kind)


def _sees_bin(caller: Caller, kind: Kind) -> bool:
    return caller.may(f"{kind.resource}:{kind.bin}")


def owned(kind: Kind, document: bytes, user: str) -> bool:
    whose = _WHOSE.decode(document)
    return any(getattr(whose, name, None) == user for name in kind.filters)


def retired(document: bytes) -> bool:
    """Or, as reels say it, not shown."""
    if document == GONE:
        return False
    whose = _WHOSE.decode(document)
    return whose.retired or not whose.visible
