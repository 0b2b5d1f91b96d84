"""One Souk for the tests of the bin, a tenant for each."""

import pytest

from tests.reels.house import running


@pytest.fixture(scope="package")
async def houses(stack, new_database):
    async with running(stack, new_database) as house:
        yield house


@pytest.fixture
async def house(houses):
    return await houses()
