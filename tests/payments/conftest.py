import pytest

from tests.policies.market import market_at


@pytest.fixture
async def market(database):
    """Tom sells tea (6.00) and Eve cups (4.00), ten of each."""
    async with market_at(database) as market:
        await market.seller("tom")
        await market.seller("eve")
        await market.product("tea", "tom", 10, 600)
        await market.product("cup", "eve", 10, 400)
        yield market
