import pytest

from tests.verify.shop import Shop, opened


@pytest.fixture
async def shop(api, database) -> Shop:
    """A market in which something of everything happened, at rest."""
    return await opened(api, database)
