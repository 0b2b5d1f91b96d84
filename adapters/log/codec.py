"""Events to bytes and back: tags from an allow-list, canonical JSON, personal data sealed."""

import typing
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from domain.kernel import Decider, Event, Personal

Opener = Callable[[Personal], object]
Sealer = Callable[[Personal, str, str], Personal]  # personal data, its stream id and event tag


class Undecodable(Exception):
    """The log holds an event that this version of the code cannot read. Never who asked is to
    blame for it, as for JSON that they sent."""


class UnknownTag(Undecodable):
    """There is no type for it."""

    def __init__(self, tag: str, position: int) -> None:
        super().__init__(f"no event type is registered for tag {tag!r}, met at position {position}")
        self.tag, self.position = tag, position


class Unsealed(Exception):
    """Clear personal data was about to be stored."""


class Codec:
    """Event types by their tags. Only these are ever decoded; a tag never names Python code."""

    def __init__(self, types: Iterable[type[Event]]) -> None:
        self._types = {tag_of(kind): kind for kind in types}
        self._personal = {tag for tag, kind in self._types.items() if holds_personal(kind)}
        self._decoders = {
            tag: msgspec.json.Decoder(kind, dec_hook=dec_hook) for tag, kind in self._types.items()
        }
        self._plain = msgspec.json.Encoder(order="deterministic")

    @classmethod
    def of(cls, aggregates: Mapping[str, Decider]) -> "Codec":
        """Of every event in the aggregates' EVENTS."""
        return cls(kind for decider in aggregates.values() for kind in events_of(decider))

    def encode(self, event: Event, stream: str, sealer: Sealer) -> bytes:
        """Canonical JSON, with personal data sealed for this stream and tag."""
        tag = tag_of(type(event))
        if self._types.get(tag) is not type(event):
            raise TypeError(f"{type(event).__name__} is in no aggregate's EVENTS")
        if tag not in self._personal:
            return self._plain.encode(event)

        def hook(value: Any) -> Any:
            return enc_hook(sealer(value, stream, tag) if _is_clear(value) else value)

        return msgspec.json.encode(event, enc_hook=hook, order="deterministic")

    def decode(self, tag: str, data: bytes, position: int, opener: Opener | None = None) -> Any:
        """The event, its personal data sealed; ``opener`` is called with each piece of it.

        Raises Undecodable; UnknownTag names the tag and the ``position`` it was met at.
        """
        if tag not in self._types:
            raise UnknownTag(tag, position)
        try:
            return self._decoded(tag, data, opener)
        except msgspec.MsgspecError as error:
            raise Undecodable(f"{tag} at position {position}: {error}") from error

    def _decoded(self, tag: str, data: bytes, opener: Opener | None) -> Any:
        if opener is None or tag not in self._personal:
            return self._decoders[tag].decode(data)

        def hook(kind: type, value: Any) -> Any:
            personal = dec_hook(kind, value)
            opener(personal)
            return personal

        return msgspec.json.decode(data, type=self._types[tag], dec_hook=hook)

    def personal(self, event: Event) -> list[Personal]:
        """The event's clear personal data, which needs a key before it is encoded."""
        if tag_of(type(event)) not in self._personal:
            return []
        found: list[Personal] = []

        def hook(value: Any) -> Any:
            if _is_clear(value):
                found.append(value)

        msgspec.json.encode(event, enc_hook=hook)
        return found


@cache  # asking a struct for its tag costs as much as encoding it
def tag_of(kind: type[Event]) -> str:
    return str(kind.__struct_config__.tag)


def events_of(decider: Decider) -> tuple[type[Event], ...]:
    return typing.get_args(decider.EVENTS) or (decider.EVENTS,)


def holds_personal(kind: type[msgspec.Struct]) -> bool:
    """Whether a Personal can stand anywhere inside the type."""
    seen: set[type] = set()

    def holds(part: Any) -> bool:
        match part:
            case inspect.CustomType(cls=cls):
                return issubclass(cls, Personal)
            case inspect.UnionType(types=types):
                return any(map(holds, types))
            case inspect.CollectionType(item_type=item):
                return holds(item)
            case inspect.TupleType(item_types=items):
                return any(map(holds, items))
            case inspect.DictType(key_type=key, value_type=value):
                return holds(key) or holds(value)
            case inspect.StructType(cls=cls, fields=fields):
                fresh = cls not in seen
                seen.add(cls)
                return fresh and any(holds(field.type) for field in fields)
        return False

    return holds(inspect.type_info(kind))


def enc_hook(value: Any) -> dict[str, str]:
    """``enc_hook`` for what stays sealed (rows, changes, answers). Raises Unsealed otherwise."""
    if not isinstance(value, Personal):
        raise NotImplementedError(f"{type(value).__name__} cannot be stored")
    if value.box is None:
        raise Unsealed(f"personal data of {value.subject!r} has no seal")
    stored = {
        "subject": value.subject,
        "sealed": value.box,
        "stream": value.stream,
        "tag": value.tag,
    }
    return stored | {"lookup": value.lookup} if value.lookup else stored


def dec_hook(kind: type, value: Any) -> Personal:
    """``dec_hook`` that leaves personal data sealed."""
    if kind is not Personal:
        raise NotImplementedError(f"{kind.__name__} cannot be read")
    return sealed(value)


def sealed(value: Mapping[str, str]) -> Personal:
    """What enc_hook made of it, back."""
    place, lookup = (value["stream"], value["tag"]), value.get("lookup", "")
    return Personal(value["subject"], "", value["sealed"], *place, lookup)


def _is_clear(value: Any) -> bool:
    return isinstance(value, Personal) and value.box is None
