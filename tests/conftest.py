"""What every test may ask for: the running servers, and databases of its own."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from projections import PROJECTIONS
from tests.support.http import Api, running_api
from tests.support.s3 import running_s3
from tests.support.stack import Stack, running, template


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
