"""A Souk with an S3 server and a worker."""

import pytest

from tests.media.house import House, worker
from tests.support.http import running_api


@pytest.fixture
async def house(stack, s3, database):
    async with running_api(stack, database, s3_url=s3) as api:
        await api.market("amina", "basma", tenant=(tenant := f"t{database[-12:]}"))
        yield House(api, tenant)


@pytest.fixture
async def working(house):
    """The house, with a worker."""
    async with worker(house):
        yield house
