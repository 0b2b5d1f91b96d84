"""The eventsourcing library's own cases for recorders, and a stock application, on Souk's log."""

import os
from dataclasses import dataclass
from unittest import TestCase
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import ProgrammingError
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.tests import persistence as cases

from adapters.log import bridge, recorder
from adapters.log.bridge import Bridge
from adapters.log.tracking import SnapshotRecorder, SoukTrackingRecorder
from adapters.postgres.pools import APPEND, PROJECT
from tests.log.notes import append, note, opened
from tests.support.patience import PATIENCE


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    monkeypatch.setattr(bridge, "TIMEOUT", PATIENCE)


class Recorders(TestCase):
    id_type: type = UUID

    @pytest.fixture(autouse=True)
    def _url(self, database):
        self.url = database

    def setUp(self):
        self.bridge = Bridge(self.url)
        self.addCleanup(self.bridge.close)

    def create_recorder(self):
        return recorder.SoukApplicationRecorder(
            self.bridge, self.url, "acme", "stock", self.id_type
        )


class TestApplicationRecorder(Recorders, cases.ApplicationRecorderTestCase):
    def test_insert_subscribe(self):
        self.optional_test_insert_subscribe()


class TestApplicationRecorderOfTextIds(TestApplicationRecorder):
    id_type = str

    def new_originator_id(self):
        return f"text/{uuid4()}"


class TestNonInterleaving(Recorders, cases.NonInterleavingNotificationIDsBaseCase):
    pass


class TestSnapshots(Recorders, cases.AggregateRecorderTestCase):
    """On snapshots: the case wants None back, and application recorders answer positions."""

    def create_recorder(self):
        recorder = SnapshotRecorder(self.url, "acme", "stock", UUID)
        self.addCleanup(recorder.close)
        return recorder


class TestTracking(Recorders, cases.TrackingRecorderTestCase):
    def create_recorder(self):
        recorder = SoukTrackingRecorder(self.url, "acme", "view")
        self.addCleanup(recorder.close)
        return recorder


class Dog(Aggregate):
    @event("Registered")
    def __init__(self, name: str) -> None:
        self.name, self.tricks = name, []

    @event("Learnt")
    def learn(self, trick: str) -> None:
        self.tricks.append(trick)


class Kennel(Application[UUID]):
    is_snapshotting_enabled = True

    def register(self, name: str) -> UUID:
        dog = Dog(name)
        self.save(dog)
        return dog.id

    def teach(self, id: UUID, trick: str) -> int:
        dog = self.repository.get(id)
        dog.learn(trick)
        return self.save(dog)[-1].notification.id


class Lessons(SoukTrackingRecorder):
    def __init__(self, *args):
        super().__init__(*args)
        self.count = 0


class Counting(Projection[Lessons]):
    def process_event(self, domain_event, tracking):
        self.view.count += isinstance(domain_event, Dog.Learnt)
        self.view.insert_tracking(tracking)


@dataclass
class Stock:
    url: str
    env: dict[str, str]


@pytest.fixture
def stock(database):
    names = {
        "PERSISTENCE_MODULE": "adapters.log.recorder",
        "SOUK_POSTGRES_URL": database,
        "SOUK_TENANT": "acme",
    }
    return Stock(database, names)


async def test_a_stock_application_and_runner_work_on_a_log_that_others_write_to(stock):
    async with opened(stock.url) as log:
        with ProjectionRunner(
            application_class=Kennel, projection_class=Counting, view_class=Lessons, env=stock.env
        ) as runner:
            dog = runner.app.register("Fido")
            await log.append(append(note(1, "between")))
            last = runner.app.teach(dog, "roll over")
            runner.app.take_snapshot(dog)
            runner.wait(last, timeout=PATIENCE)
            assert last == 3
            assert runner.projection.view.count == 1
            assert runner.app.repository.get(dog).tricks == ["roll over"]
            runner.projection.view.close()
            runner.app.close()


def test_a_stock_application_keeps_out_of_the_house_contexts(stock):
    with pytest.raises(ProgrammingError, match="own"):
        Kennel(env={**stock.env, "SOUK_CONTEXT": "catalog"})


def test_only_the_bridge_roles_reach_its_tables(database):
    with psycopg.connect(database, autocommit=True) as connection:
        for role, allowed in ((APPEND, "library.snapshots"), (PROJECT, "library.tracking")):
            connection.execute(f"SET ROLE {role}")
            connection.execute(f"SELECT * FROM {allowed}")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DELETE FROM log.events")
    assert "SOUK_TENANT" not in os.environ
