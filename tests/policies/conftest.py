import pytest

from tests.policies.market import market_at


@pytest.fixture
async def market(database):
    """Two shops: karim sells rugs (5 pieces) and lamps (2), leila sells tea (100)."""
    async with market_at(database) as market:
        for seller in ("karim", "leila"):
            await market.seller(seller)
        await market.product("rug", "karim", 5)
        await market.product("lamp", "karim", 2, 2500)
        await market.product("tea", "leila", 100, 300)
        yield market
