"""A Valkey that is slow is not away."""

import pytest

from adapters.engagement import watched
from adapters.projector.valkey import client
from tests.support.patience import PATIENCE


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Who gives up would not know whether a view was counted, and be told so no second time."""
    monkeypatch.setattr(watched, "client", lambda url, _: client(url, PATIENCE))
