"""Workshops, and one Souk for the tests over HTTP, a tenant for each."""

import pytest

from tests.costing.workshop import workshops
from tests.reels.house import running


@pytest.fixture
async def workshop(database):
    async with workshops(database) as opened:
        yield await opened()


@pytest.fixture(scope="package")
async def houses(stack, new_database):
    async with running(stack, new_database) as house:
        yield house


@pytest.fixture
async def house(houses):
    return await houses()
