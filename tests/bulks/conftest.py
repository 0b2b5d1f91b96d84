"""One Souk for the tests of bulks over HTTP, and one log for those without, a tenant for each."""

import pytest

from tests.bulks.shop import shops
from tests.reels.house import running


@pytest.fixture(scope="package")
async def houses(stack, new_database):
    async with running(stack, new_database) as house:
        yield house


@pytest.fixture
async def house(houses):
    return await houses()


@pytest.fixture(scope="package")
async def opened(new_database):
    async with shops(new_database()) as opened:
        yield opened


@pytest.fixture
async def shop(opened):
    return await opened()
