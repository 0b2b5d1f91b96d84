"""What waits to be appended: checked and encoded before it queues, so that bad data stops here."""

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from adapters.log.codec import Codec, tag_of
from adapters.log.keyring import Seals
from application.ports import Answer, Append, Appended, Call, Landing
from domain.kernel import Event, Rejected, Value, but

LONGEST = 512  # bytes of a stream id, a claim's value, or a key's part: they are indexed
LARGEST = 1 << 20  # bytes of one event
HEAVIEST = 16 << 20  # bytes of one append
MOST = 10_000  # events in one append
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class Line(Value):
    """One event to write. One that is numbered is encoded again once it has its number."""

    tag: str
    schema: int
    data: bytes
    event: Event | None = None
    sequence: str | None = None
    numbered: Callable[[int], tuple[Event, bytes]] | None = None


class Part(Value):
    """Events for one stream. ``expected`` -1: none yet, and the first is to be version 0."""

    stream: str
    expected: int
    lines: tuple[Line, ...]


@dataclass(eq=False)
class Request:
    """An append on its way. ``deadline``: on the loop's clock, in seconds."""

    call: Call
    parts: tuple[Part, ...]
    deadline: float
    asserted: tuple[tuple[str, int], ...] = ()
    claims: tuple[tuple[str, str, str], ...] = ()
    releases: tuple[tuple[str, str, str], ...] = ()
    answer: Answer | None = None
    origin: bytes | None = None  # as it is stored
    landing: Landing | None = None
    after: Landing | None = None
    done: asyncio.Future[Appended] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def size(self) -> int:
        return sum(len(part.lines) for part in self.parts)

    @property
    def streams(self) -> set[str]:
        return {part.stream for part in self.parts} | {stream for stream, _ in self.asserted}

    @property
    def writes(self) -> bool:
        return bool(self.parts or self.call.key or self.claims or self.releases)


def prepared(
    append: Append, codec: Codec, seals: Seals, deadline: float, origin: bytes | None = None
) -> Request:
    """The append, encoded. Raises Rejected ``log.unstorable`` or ``log.too_large``."""
    request = Request(
        append.call,
        tuple(
            Part(
                new.stream,
                new.expected,
                tuple(_line(e, new.stream, codec, seals) for e in new.events),
            )
            for new in append.new
            if new.events
        ),
        deadline,
        append.asserted,
        append.claims,
        append.releases,
        append.answer,
        origin,
        append.landing,
        append.after,
    )
    check(request)
    return request


def check(request: Request) -> None:
    """Refuse what Postgres would, or what belongs to another tenant, before it joins a batch."""
    call, home = request.call, f"{request.call.tenant}/"
    key = call.key and (call.key.principal, call.key.route, call.key.key)
    _check_texts((call.tenant, call.actor, *request.streams, *(key or ())))
    for name in (*request.claims, *request.releases):
        _check_texts(name)
    if any(not stream.startswith(home) for stream in request.streams):
        raise ValueError(f"a stream of another tenant in an append of {call.tenant!r}")
    if call.occurred_at is not None and call.occurred_at.tzinfo is None:
        raise ValueError("occurred_at has no time zone")
    sizes = [len(line.data) for part in request.parts for line in part.lines]
    if len(sizes) > MOST or sum(sizes) > HEAVIEST or max(sizes, default=0) > LARGEST:
        raise Rejected("log.too_large", "too many or too large events for one command")


def _line(event: Event, stream: str, codec: Codec, seals: Seals) -> Line:
    kind = type(event)
    data = _encoded(event, stream, codec, seals)
    if kind.SEQUENCE is None:
        return Line(tag_of(kind), kind.SCHEMA, data, event)

    def numbered(number: int) -> tuple[Event, bytes]:
        final = but(event, number=number)
        return final, codec.encode(final, stream, seals.seal)

    return Line(tag_of(kind), kind.SCHEMA, data, event, kind.SEQUENCE, numbered)


def _encoded(event: Event, stream: str, codec: Codec, seals: Seals) -> bytes:
    try:
        data = codec.encode(event, stream, seals.seal)
    except (UnicodeEncodeError, OverflowError, RecursionError) as error:
        raise Rejected("log.unstorable", f"not storable as JSON: {type(error).__name__}") from error
    if b"\\u0000" in data and _NUL.search(data):
        raise Rejected("log.unstorable", "text holds a NUL character")
    return data


def _check_texts(texts: Iterable[str]) -> None:
    for text in texts:
        if len(text) <= LONGEST and text.isascii() and "\0" not in text:
            continue
        try:
            length = len(text.encode())
        except UnicodeEncodeError:
            raise Rejected("log.unstorable", "text holds half a surrogate pair") from None
        if "\0" in text:
            raise Rejected("log.unstorable", "text holds a NUL character")
        if length > LONGEST:
            raise Rejected("log.too_large", f"a name is longer than {LONGEST} bytes")
