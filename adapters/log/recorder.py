"""The eventsourcing library's interface to the log, so that a stock application can run on it.

    PERSISTENCE_MODULE=adapters.log.recorder
    SOUK_POSTGRES_URL=postgresql://…
    SOUK_TENANT=<tenant>
    SOUK_CONTEXT=<context>                  default: the application's name in lower case
    SOUK_ORIGINATOR_ID_TYPE=uuid | text     default: uuid

An aggregate's stream is <tenant>/<context>/<originator id>, an event's tag its topic, and its
notification id its position in the whole log: it grows, with gaps where others wrote.
"""

from collections.abc import Iterable, Sequence
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    InfrastructureFactory,
    ListenNotifySubscription,
    Notification,
    ProcessRecorder,
    ProgrammingError,
    StoredEvent,
    Subscription,
)

from adapters.log.bridge import TIMEOUT, Bridge
from adapters.log.notices import CHANNEL
from adapters.log.origins import channel_of
from adapters.log.requests import Line, Part, Request
from adapters.log.rows import FOREIGN
from adapters.log.tracking import SnapshotRecorder, SoukTrackingRecorder, bounds
from adapters.postgres.pools import APPEND, borrow, conninfo_of
from application.ports import Call, Origin
from domain import AGGREGATES

LOOK = 0.5  # seconds between looks at the log when no notification comes
IDS: dict[str, type[UUID] | type[str]] = {"uuid": UUID, "text": str}


class SoukApplicationRecorder(ApplicationRecorder):
    """One application's events in one tenant's context of the log."""

    def __init__(
        self,
        bridge: Bridge,
        url: str,
        tenant: str,
        context: str,
        id_type: type[UUID] | type[str] = UUID,
    ) -> None:
        self._bridge, self._tenant, self._context, self._id = bridge, tenant, context, id_type
        self._prefix = f"{tenant}/{context}/"
        self.conninfo = conninfo_of(url, APPEND, "souk-subscription", TIMEOUT)

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        if not stored_events:
            return None
        return self._bridge.run(lambda: self._append(stored_events))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        end, params = bounds(gt, lte, desc, limit)
        rows = self._select(
            f"SELECT version, tag, data FROM log.events WHERE tenant = %s AND stream = %s{end}",
            [self._tenant, f"{self._prefix}{originator_id}", *params],
        )
        return [StoredEvent(originator_id, *row) for row in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        at_least = 0 if start is None else start if inclusive_of_start else start + 1
        rows = self._select(
            """SELECT stream, version, tag, data, position FROM log.events
            WHERE position BETWEEN %s AND %s AND tenant = %s AND starts_with(stream, %s)
                AND (%s::text[] = '{}' OR tag = any(%s)) ORDER BY position LIMIT %s""",
            [
                at_least,
                2**62 if stop is None else stop,
                self._tenant,
                self._prefix,
                list(topics),
                list(topics),
                limit,
            ],
        )
        return [
            Notification(self._id(stream.removeprefix(self._prefix)), version, topic, state, id)
            for stream, version, topic, state, id in rows
        ]

    def max_notification_id(self) -> int | None:
        rows = self._select(
            "SELECT position FROM log.events WHERE tenant = %s AND starts_with(stream, %s)"
            " ORDER BY position DESC LIMIT 1",
            [self._tenant, self._prefix],
        )
        return rows[0][0] if rows else None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        return SoukSubscription(self, gt, topics)

    def _select(self, sql: str, params: list[Any]) -> list[Any]:
        async def select() -> list[Any]:
            async with borrow(self._bridge.log.pool) as connection:
                return await (await connection.execute(sql, params)).fetchall()

        return self._bridge.run(select)

    async def _append(self, stored_events: Sequence[StoredEvent]) -> list[int]:
        command = uuid4()
        actor, origin = f"library:{self._context}", Origin("library")
        call = Call(self._tenant, actor, command, command, origin=origin)
        log = self._bridge.log
        parts = tuple(self._parts(stored_events))
        request = Request(call, parts, log.deadline(), origin=channel_of(origin))
        return [recorded.position for recorded in (await log.submit(request)).recorded]

    def _parts(self, stored_events: Iterable[StoredEvent]) -> Iterable[Part]:
        """Runs of one stream's consecutive versions, in the order given."""
        run: list[StoredEvent] = []
        for event in stored_events:
            if run and (event.originator_id, event.originator_version) != (
                run[-1].originator_id,
                run[-1].originator_version + 1,
            ):
                yield self._part(run)
                run = []
            run.append(event)
        yield self._part(run)

    def _part(self, run: Sequence[StoredEvent]) -> Part:
        return Part(
            f"{self._prefix}{run[0].originator_id}",
            run[0].originator_version - 1,
            tuple(Line(event.topic, FOREIGN, event.state) for event in run),
        )


class SoukSubscription(ListenNotifySubscription[ApplicationRecorder]):
    """Follows the log: a notification is a hint, looking is the truth."""

    def __init__(
        self, recorder: SoukApplicationRecorder, gt: int | None, topics: Sequence[str]
    ) -> None:
        super().__init__(recorder, gt, topics)
        self._conninfo = recorder.conninfo
        self._listener = Thread(target=self._listen, daemon=True, name="souk-listener")
        self._listener.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._listener.join()

    def _listen(self) -> None:
        while not self._has_been_stopped:
            try:
                with psycopg.connect(self._conninfo, autocommit=True) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    while not self._has_been_stopped:
                        self._has_been_notified.set()
                        for _ in connection.notifies(timeout=LOOK, stop_after=1):
                            pass
            except psycopg.OperationalError:
                self._stopped_within(LOOK)

    def _stopped_within(self, seconds: float) -> None:
        self._pull_thread.join(seconds)


class Factory(InfrastructureFactory[SoukTrackingRecorder]):
    """Recorders by environment variables; see the module."""

    _bridge: Bridge | None = None

    def application_recorder(self) -> SoukApplicationRecorder:
        if self._bridge is None:
            self._bridge = Bridge(self._url)
        return SoukApplicationRecorder(
            self._bridge, self._url, self._tenant, self._context, self._id_type
        )

    def aggregate_recorder(self, purpose: str = "events") -> SnapshotRecorder:
        return SnapshotRecorder(self._url, self._tenant, self._context, self._id_type)

    def tracking_recorder(
        self, tracking_recorder_class: type[SoukTrackingRecorder] | None = None
    ) -> SoukTrackingRecorder:
        kind = tracking_recorder_class or SoukTrackingRecorder
        return kind(self._url, self._tenant, self.env.name)

    def process_recorder(self) -> ProcessRecorder:
        raise ProgrammingError("Souk's log has no process recorder: use a projection or a policy")

    def close(self) -> None:
        if self._bridge is not None:
            self._bridge.close()
            self._bridge = None

    @property
    def _url(self) -> str:
        return self._required("SOUK_POSTGRES_URL")

    @property
    def _tenant(self) -> str:
        return self._required("SOUK_TENANT")

    @property
    def _context(self) -> str:
        context = self.env.get("SOUK_CONTEXT") or self.env.name.lower()
        if context in AGGREGATES:
            raise ProgrammingError(f"context {context!r} is Souk's own: set SOUK_CONTEXT")
        return context

    @property
    def _id_type(self) -> type[UUID] | type[str]:
        return IDS[self.env.get("SOUK_ORIGINATOR_ID_TYPE") or "uuid"]

    def _required(self, name: str) -> str:
        if value := self.env.get(name):
            return value
        raise ProgrammingError(f"{name} is not set")
