"""The projector's tests project toys, on databases where nothing else is projected."""

from collections.abc import AsyncIterator, Callable

import pytest

from adapters.nats import flushing
from adapters.projector import outbox, window
from adapters.schema import establish
from projections import PROJECTIONS
from tests.support.http import Api, running_api
from tests.support.patience import PATIENCE
from tests.support.stack import Stack


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What NATS is slow to acknowledge is sent again, and heard twice by plain subscribers."""
    monkeypatch.setattr(outbox, "ACK", PATIENCE)
    monkeypatch.setattr(flushing, "PATIENCE", PATIENCE)


@pytest.fixture(scope="session")
def new_database(new_bare_database: Callable[[], str]) -> Callable[[], str]:
    return new_bare_database


@pytest.fixture
async def api(stack: Stack, database: str) -> AsyncIterator[Api]:
    await establish(database, PROJECTIONS)
    async with running_api(stack, database) as running_souk:
        yield running_souk


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The positions after which the log itself was looked at."""
    real, asked = window.passage, []

    async def passage(connection, position, *rest):
        asked.append(position)
        return await real(connection, position, *rest)

    monkeypatch.setattr(window, "passage", passage)
    return asked
