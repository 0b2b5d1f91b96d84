"""What the library's applications keep beside events: snapshots, and how far views have read."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    AggregateRecorder,
    IntegrityError,
    StoredEvent,
    Tracking,
    TrackingRecorder,
)

from adapters.log.bridge import Session
from adapters.postgres.pools import APPEND, PROJECT


def bounds(gt: int | None, lte: int | None, desc: bool, limit: int | None) -> tuple[str, list[int]]:
    """The library's version range as the end of a SELECT, and its parameters."""
    limits = [("version > %s", gt), ("version <= %s", lte)]
    where = "".join(f" AND {condition}" for condition, value in limits if value is not None)
    order = f" ORDER BY version {'DESC' if desc else 'ASC'}"
    end = "" if limit is None else " LIMIT %s"
    return where + order + end, [value for value in (gt, lte, limit) if value is not None]


class SoukTrackingRecorder(TrackingRecorder):
    """Positions of one projection's view. Views subclass it and write in ``insert_tracking_with``.

    A position only moves forward: IntegrityError when it was reached before.
    """

    def __init__(self, url: str, tenant: str, projection: str) -> None:
        self.session = Session(url, PROJECT)
        self._owner = (tenant, projection)

    def insert_tracking(self, tracking: Tracking) -> None:
        with self.session.transaction() as cursor:
            self.insert_tracking_with(cursor, tracking)

    def insert_tracking_with(
        self, cursor: psycopg.Cursor[tuple[Any, ...]], tracking: Tracking
    ) -> None:
        """The same inside a transaction that also holds the view's own changes."""
        cursor.execute(
            """INSERT INTO library.tracking AS t (tenant, projection, application, position)
            VALUES (%s, %s, %s, %s)
            ON CONFLICT (tenant, projection, application) DO UPDATE
                SET position = excluded.position WHERE t.position < excluded.position
            RETURNING position""",
            (*self._owner, tracking.application_name, tracking.notification_id),
        )
        if cursor.fetchone() is None:
            raise IntegrityError(f"position {tracking.notification_id} was reached before")

    def max_tracking_id(self, application_name: str) -> int | None:
        with self.session.transaction() as cursor:
            cursor.execute(
                "SELECT position FROM library.tracking"
                " WHERE (tenant, projection, application) = (%s, %s, %s)",
                (*self._owner, application_name),
            )
            found = cursor.fetchone()
        return found[0] if found else None

    def close(self) -> None:
        self.session.close()


class SnapshotRecorder(AggregateRecorder):
    """Snapshots of an application's aggregates, apart from the log."""

    def __init__(
        self, url: str, tenant: str, context: str, id_type: type[UUID] | type[str]
    ) -> None:
        self._session = Session(url, APPEND)
        self._owner, self._id = (tenant, context), id_type

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        with self._session.transaction() as cursor:
            cursor.executemany(
                "INSERT INTO library.snapshots VALUES (%s, %s, %s, %s, %s, %s)",
                [
                    (*self._owner, str(s.originator_id), s.originator_version, s.topic, s.state)
                    for s in stored_events
                ],
            )
        return None

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
        with self._session.transaction() as cursor:
            cursor.execute(
                "SELECT originator_id, version, topic, state FROM library.snapshots"
                f" WHERE (tenant, context, originator_id) = (%s, %s, %s){end}",
                (*self._owner, str(originator_id), *params),
            )
            return [StoredEvent(self._id(id), *rest) for id, *rest in cursor.fetchall()]

    def close(self) -> None:
        self._session.close()
