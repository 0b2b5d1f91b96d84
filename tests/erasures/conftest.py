"""What the tests of erasures share."""

import pytest

from adapters.erasing import brokers
from adapters.nats import connecting
from tests.support.patience import PATIENCE


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """No server is away because the machine is slow."""
    monkeypatch.setattr(connecting, "CONNECT", PATIENCE)
    monkeypatch.setattr(brokers, "TIMEOUT", PATIENCE)
