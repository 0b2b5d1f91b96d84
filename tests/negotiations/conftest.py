"""One Souk for the tests of negotiations, a tenant for each."""

import pytest

from tests.offers.house import running


@pytest.fixture(scope="package")
async def houses(stack, new_database):
    async with running(stack, new_database) as house:
        yield house


@pytest.fixture
async def house(houses):
    """With 500 crates of tea, offered to fournisseurs at 12.00, from a hundred on at 11.00."""
    made = await houses()
    made.id = await made.publish()
    return made
