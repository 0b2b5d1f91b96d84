import pytest

from adapters.projector.verify import counters
from tests.support.patience import PATIENCE
from tests.verify.shop import Shop, opened


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Valkey comes to rest, however late."""
    monkeypatch.setattr(counters, "SETTLING", PATIENCE)


@pytest.fixture
async def shop(api, database) -> Shop:
    """A market in which something of everything happened, at rest."""
    return await opened(api, database)
