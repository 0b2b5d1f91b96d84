"""The stock library's projections: one upsert an event, tracked, each in its transaction."""

import time
from collections.abc import Sequence
from typing import Any

from eventsourcing.application import Application
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL, Composed

from benchmarks.stock import env
from benchmarks.work import Figures, Site

done: list[float] = []  # when each event was committed


class View(PostgresTrackingRecorder):
    """A subclass names its TABLE, a CREATE TABLE IF NOT EXISTS."""

    TABLE = ""

    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self.sql_create_statements.append(Composed([SQL(self.TABLE)]))

    def write(self, statement: str, values: Sequence[Any], tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(SQL(statement), values, prepare=True)
        done.append(time.perf_counter())


def catch_up(
    site: Site, application: type[Application[Any]], projection: type[Projection[Any]], view: type
) -> Figures:
    """The steady rate over the measured seconds, or over the backlog when that is shorter."""
    done.clear()
    with ProjectionRunner(
        application_class=application,
        projection_class=projection,
        view_class=view,
        env=env(site, connections=4),
    ) as runner:
        until = time.perf_counter() + 1 + site.seconds
        while time.perf_counter() < until:
            runner.is_interrupted.wait(0.05)
    return {"rate": (len(done) - 1) / (done[-1] - done[0])}
