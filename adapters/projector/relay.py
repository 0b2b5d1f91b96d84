"""From read.changes to JetStream: every change reaches its watchers, if late."""

import asyncio
import re
import time
from collections.abc import Sequence

import msgspec
import nats
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import StorageType, StreamConfig
from nats.js.errors import NotFoundError

from adapters.nats.connecting import connected
from adapters.postgres import packed
from adapters.postgres.pools import Connection
from adapters.projector import changes
from adapters.projector.changes import Kept
from adapters.projector.leader import Bell, Patience
from adapters.projector.marks import HEADER, Mark, Marks
from adapters.projector.outbox import ACK, Message, Outbox

STREAM, SUBJECTS = "SOUK", "souk.>"
WINDOW = 64  # messages whose acknowledgements are awaited together; rows wait while they are sent
LOOK = 0.25  # seconds between looks at the changes of other processes
PURGE = 600.0  # seconds from a purge that left nothing, or failed, to the next
HEADERS = 80  # bytes around the id and mark that a message is sent with: they count as its payload
SUBJECT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.ASCII)
CONFIG = StreamConfig(
    name=STREAM,
    subjects=[SUBJECTS],
    storage=StorageType.FILE,
    max_age=24 * 3600,
    duplicate_window=120,
)
logger = structlog.get_logger(__name__)


class Relay:
    """Publishes each projection's changes in order and remembers how far it came."""

    NAME = "souk-relay"

    def __init__(self, nats_url: str, projections: Sequence[str]) -> None:
        self._url, self._projections = nats_url, packed.texts(projections)
        self._client: Client | None = None
        self._outbox: Outbox | None = None
        self._ensured = False  # that there is a stream
        self._purge_at, self._marks = 0.0, Marks()

    async def run(self, db: Connection, bell: Bell, stop: asyncio.Event) -> None:
        """While this process leads. NATS may come and go; only Postgres ends the lead."""
        patience = Patience(stop)
        while not stop.is_set():
            await self._purge(db)
            try:
                moved = await self._send(db)
                patience.works()
            except (nats.errors.Error, OSError, TimeoutError) as error:
                logger.warning("nats is away", error=f"{type(error).__name__}: {error}")
                self._ensured = False
                await patience.pause()
                continue
            if not moved:
                await bell.wait(LOOK)

    async def close(self) -> None:
        client, self._client, self._outbox = self._client, None, None
        if client:
            await client.close()

    async def _send(self, db: Connection) -> bool:
        """A window of each projection that has something: lasting, published, acknowledged,
        remembered. That may be forgotten in a crash: NATS keeps a message of the same id once, and
        watchers go by position. False: there was nothing."""
        waiting = await changes.unsent(db, self._projections, WINDOW + 1)
        messages, lasts = list[Message | None](), dict[str, Kept]()
        if not waiting:
            return False
        outbox = await self._ready()
        for projection, (seq, rows) in waiting.items():
            window, following = rows[:WINDOW], rows[-1] if len(rows) > WINDOW else None
            marked = self._marks.of(projection, seq, window, following)
            messages += [self._message(change, mark) for change, mark in marked]
            lasts[projection] = window[-1]
        await changes.hold(db, next(iter(lasts)))
        await outbox.send([message for message in messages if message])
        await changes.sent(db, lasts)
        for projection, last in lasts.items():
            self._marks.sent(projection, last.seq)
        return True

    def _message(self, change: Kept, mark: Mark) -> Message | None:
        """None of what NATS cannot carry: live watchers miss it by the next mark, and read it."""
        subject, payload = f"souk.{change.tenant}.{change.topic}", message(change)
        id = f"{change.position}:{subject}"
        if change.late:  # may be the second at its position
            id = f"{id}:{change.seq}"
        headers = {"Nats-Msg-Id": id, HEADER: str(mark)}
        size = len(payload) + sum(len(value.encode()) for value in headers.values()) + HEADERS
        if not SUBJECT.fullmatch(subject) or size > self._largest():
            logger.error("change cannot be pushed", subject=subject, bytes=size)
            return None
        return Message(subject, payload, headers)

    def _largest(self) -> int:
        return self._client.max_payload if self._client else 0

    async def _ready(self) -> Outbox:
        """The stream is made anew when NATS lost it."""
        if self._client is None or self._outbox is None or self._client.is_closed:
            self._client, self._outbox = await self._connect()
            self._ensured = False
        if not self._client.is_connected:
            raise nats.errors.ConnectionClosedError
        if not self._ensured:
            await ensure(self._client.jetstream(timeout=ACK))
            self._ensured = True
        return self._outbox

    async def _connect(self) -> tuple[Client, Outbox]:
        """It never reconnects by itself: it would send what it held back before what was lost."""
        box: Outbox | None = None

        async def lost() -> None:
            if box:
                box.lost()

        client = await connected(self._url, lost)
        box = await Outbox(client).open()
        return client, box

    async def _purge(self, db: Connection) -> None:
        """A slice in each turn until nothing is left: what is to be sent does not wait for all."""
        if time.monotonic() > self._purge_at:
            self._purge_at = time.monotonic() + PURGE
            if await changes.purge(db):
                self._purge_at = 0.0


def message(change: Kept) -> bytes:
    """What watchers get: topic, position, and the document as read, null when it is gone."""
    return msgspec.json.encode(
        {
            "topic": change.topic,
            "position": change.position,
            "document": msgspec.Raw(change.document or b"null"),
        }
    )


async def ensure(stream: JetStreamContext) -> None:
    """There is a stream of changes."""
    try:
        await stream.stream_info(STREAM)
    except NotFoundError:
        await stream.add_stream(CONFIG)
