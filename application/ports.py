"""What the application asks of the world; adapters/ answers."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from domain.kernel import Event, Recorded


class Receipt(Struct, frozen=True, gc=False):
    """Where a write landed. A reader may wait for ``position``; 0: nothing was ever written."""

    id: str
    version: int
    position: int


class Key(Struct, frozen=True, gc=False):
    """An idempotency key: whose, for what, and which request it stands for. ``tenant``: the
    principal's, where the call is for another."""

    principal: str
    route: str
    key: str
    request: bytes  # HMAC of the request
    tenant: str | None = None


class Origin(Struct, frozen=True, gc=False):
    """Where a command came from. ``ip`` and ``agent`` are its actor's own; empty: not known."""

    channel: str  # http, cli, policy, worker, import, seed, library
    ip: str = ""
    agent: str = ""

    @property
    def personal(self) -> bool:
        return bool(self.ip or self.agent)


class Call(Struct, frozen=True, gc=False):
    """Who sends a command and from where, when it happened, and what it follows from."""

    tenant: str
    actor: str  # user id, or "policy:<name>", "import:<name>"
    command_id: UUID
    correlation: UUID
    causation: UUID | None = None
    occurred_at: datetime | None = None  # None: now
    key: Key | None = None
    origin: Origin | None = None


class New(Struct, frozen=True, gc=False):
    """Events to add to one stream whose version must still be ``expected``."""

    stream: str
    expected: int
    events: tuple[Event, ...]


Answer = Callable[[Sequence[Recorded]], Struct]


class Landing:
    """Of an append under way, for those that suppose that it lands; the log keeps it."""

    __slots__ = ("landed",)

    def __init__(self) -> None:
        self.landed = False


class Append(Struct, frozen=True):
    """All that one command writes; it happens whole or not at all.

    ``asserted``: streams that were only read, with the version each must still have.
    ``claims``/``releases``: names to take or free within the tenant, as (kind, value, owner).
    ``answer``: makes the command's answer from the events as recorded; kept for the key.
    ``after``: another's ``landing``, which was given to this log before; unless that lands, this is
    a Conflict. The streams' versions do not tell: somebody else's events may have made them.
    """

    call: Call
    new: tuple[New, ...]
    asserted: tuple[tuple[str, int], ...] = ()
    claims: tuple[tuple[str, str, str], ...] = ()
    releases: tuple[tuple[str, str, str], ...] = ()
    answer: Answer | None = None
    landing: Landing | None = None
    after: Landing | None = None


class Appended(Struct, frozen=True, gc=False):
    """What an append came to: the events as recorded, and the answer (JSON) kept for the key.

    ``replayed``: the key had been used for the same request before; ``recorded`` is then empty
    and ``answer`` is the first one's, byte for byte. ``size``: bytes of the events' data.
    """

    recorded: tuple[Recorded, ...]
    answer: bytes
    replayed: bool = False
    size: int = 0


class Past(Struct, frozen=True, gc=False):
    """A stream as it stands: ``events`` after ``base``, its snapshot's state, if there is one.

    ``since``: the snapshot's version, or 0. ``version``, ``position``: of the last event, 0 when
    there is none. ``size``: bytes of what was read. Personal data is open, or erased.
    """

    version: int
    position: int
    events: Sequence[Event]
    size: int = 0
    base: Any = None
    since: int = 0


class Snapshot(Struct, frozen=True):
    """An aggregate's state, so that the next one who loads it need not fold all its events."""

    tenant: str
    stream: str
    version: int
    position: int
    state: Any


class Log(Protocol):
    """The event log."""

    async def read(self, tenant: str, streams: Iterable[str]) -> dict[str, list[Recorded]]:
        """Every event of each stream in version order; personal data opened, or erased."""
        ...

    async def load(self, tenant: str, streams: Iterable[str]) -> dict[str, Past]:
        """What is needed to fold each stream, and no more."""
        ...

    async def latest(
        self, tenant: str, kind: type[Event], streams: Iterable[str]
    ) -> dict[str, Recorded]:
        """The last event of that kind in each stream that has one; personal data stays sealed."""
        ...

    async def occurred(
        self, tenant: str, stream: str, kinds: Iterable[type[Event]], after: datetime
    ) -> bool:
        """Whether any event of these kinds in the stream has occurred after that moment."""
        ...

    async def now(self) -> datetime:
        """The time by which the log is written, in whichever process. Raises Unavailable."""
        ...

    def offer(self, snapshot: Snapshot) -> None:
        """Keep it, sooner or later or never: nothing depends on it."""
        ...

    async def append(self, append: Append) -> Appended:
        """Durable once it returns. Raises Conflict, Taken, KeyReused, Unavailable."""
        ...

    async def answered(self, tenant: str, key: Key) -> bytes | None:
        """The answer kept for a key, or None. Raises KeyReused."""
        ...


class KnownKeys(Protocol):
    """Many idempotency keys at once, for imports that run again."""

    async def known(
        self, tenant: str, principal: str, route: str, keys: Sequence[str]
    ) -> frozenset[str]:
        """Those of ``keys`` that an answer is kept for."""
        ...


class Ledger(Protocol):
    """What bulks ask of the log besides."""

    async def held(
        self, tenant: str, names: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], str]:
        """Who holds these names, given as (kind, value); those that are free are left out."""
        ...

    async def written(self, tenant: str, spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
        """The ids of the streams written to from a first to a last position, each once, in the
        order of the log."""
        ...

    def check(self, append: Append) -> None:
        """Raises Rejected ``log.unstorable`` or ``log.too_large`` for what would not be taken.
        Nothing of it may be personal data."""
        ...


class Conflict(Exception):
    """Streams have moved on since they were read. Read them again and decide again.

    ``streams``: which; empty when that is not known.
    """

    def __init__(self, *streams: str) -> None:
        super().__init__(*streams)
        self.streams = streams


class Taken(Exception):
    """A claim is held by another stream."""

    def __init__(self, kind: str, value: str) -> None:
        super().__init__(kind)
        self.kind, self.value = kind, value


class KeyReused(Exception):
    """The idempotency key was used before with another request."""


class KeyBusy(Exception):
    """The first request with this idempotency key is still running."""


class Unavailable(Exception):
    """A server that is needed is away, or did not answer in time. ``retry_after``: seconds."""

    def __init__(self, what: str, retry_after: int = 1) -> None:
        super().__init__(what)
        self.what, self.retry_after = what, retry_after


class Missing(Exception):
    """There is no such thing, or none that the caller may know of."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Outdated(Exception):
    """What the caller has seen and confirms is not what is there any more."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Forbidden(Exception):
    """The caller may know of it, but not do this."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail


class Queries(Protocol):
    """Reads of the read side that policies need (timers), over all tenants."""

    async def rows(self, sql: str, params: tuple[Any, ...] = ()) -> list[dict[str, Any]]: ...
