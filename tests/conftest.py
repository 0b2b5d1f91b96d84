"""What every test may ask for: the running servers, and databases of its own."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import structlog
import uvloop
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from projections import PROJECTIONS
from tests.support.http import Api, running_api
from tests.support.instances import Up
from tests.support.patience import be_patient
from tests.support.s3 import running_s3
from tests.support.stack import Stack, running, template

# No test fails for what the machine did meanwhile.
settings.register_profile(
    "souk", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("souk")
be_patient()
# Past the streams that a command of the same process is read from; pytest keeps them all the same.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())  # as every command

# Tests that share a running `souk up`, or what was imported: one process runs them all.
TOGETHER = {
    "tests/backup/test_bucket.py": "drill",
    "tests/backup/test_drill.py": "drill",
    "tests/backup/test_tenant_files.py": "drill",
    "tests/docs/test_backup.py": "walk",
    "tests/docs/test_live.py": "walk",
    "tests/docs/test_readme.py": "walk",
    "tests/entrypoints/test_up.py": "walk",
    "tests/live/test_role.py": "walk",
    "tests/proof/test_tenants.py": "walk",
    "tests/olist/test_past.py": "slice",
    "tests/olist/test_slice.py": "slice",
}


class Together(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        path = super()._split_scope(nodeid)
        return "examples" if path.startswith("tests/examples/") else TOGETHER.get(path, path)


def pytest_collection_finish() -> None:
    """What was collected stays, and need not be looked through for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling:
    return Together(config, log)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Postgres, Valkey and NATS (JetStream), one set for each test process.

    Valkey and NATS are shared by its tests: keep apart by tenant.
    """
    with running() as servers:
        yield servers


@pytest.fixture(scope="session")
def new_database(stack: Stack) -> Callable[[], str]:
    """Makes a fresh database with all tables at each call and answers its URL (for wider
    fixtures)."""
    return template(stack, PROJECTIONS)


@pytest.fixture(scope="session")
def new_bare_database(stack: Stack) -> Callable[[], str]:
    """The same without any projection's tables, for tests that have projections of their own."""
    return template(stack, {})


@pytest.fixture(scope="session")
async def s3() -> AsyncIterator[str]:
    """The URL of an S3 server that the session's tests share: keep apart by tenant."""
    async with running_s3() as server:
        yield server.url


@pytest.fixture
def database(stack: Stack, new_database: Callable[[], str]) -> Iterator[str]:
    """The URL of a fresh database, dropped after the test."""
    url = new_database()
    yield url
    stack.drop(url)


@pytest.fixture
async def api(stack: Stack, database: str) -> AsyncIterator[Api]:
    """A whole Souk in this process, on a fresh database."""
    async with running_api(stack, database) as running_souk:
        yield running_souk


@pytest.fixture(scope="module")
async def town(stack: Stack, new_database: Callable[[], str]) -> AsyncIterator[Api]:
    """A whole Souk that the tests of a module share: ``api`` is its ``apart()`` there."""
    async with running_api(stack, new_database()) as running_souk:
        yield running_souk


@pytest.fixture(scope="session")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Up]]:
    """A directory as after `make run`: a seeded instance in .souk, and .venv/bin with souk and
    python."""
    place = tmp_path_factory.mktemp("walk")
    (place / ".venv").symlink_to(sys.prefix)
    up = Up(place / ".souk", seeded=True).ready()
    yield place, up
    assert up.stop() == 0
