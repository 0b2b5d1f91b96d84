import pytest

from tests.policies.market import market_at


@pytest.fixture
async def market(database):
    """Tom sells tea and has none; Eve sells nothing."""
    async with market_at(database) as market:
        await market.seller("tom")
        await market.seller("eve")
        await market.product("tea", "tom", 0)
        yield market
