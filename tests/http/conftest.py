"""What the tests of HTTP share."""

import pytest

from tests.support.patience import PATIENCE


@pytest.fixture
def unhurried(monkeypatch):
    """A server that is slow to answer is there all the same: /health waits longer than it would."""
    monkeypatch.setattr("adapters.health.PATIENCE", PATIENCE)
