"""A Souk with an S3 server and a worker."""

import pytest
from msgspec.structs import replace

from adapters.media import rendering, workshop
from tests.media.house import House, worker
from tests.support.http import running_api
from tests.support.patience import PATIENCE


@pytest.fixture(autouse=True)
def patient():
    """No source takes too long because the machine is slow. A monkeypatch of its own: tests undo
    theirs."""
    with pytest.MonkeyPatch.context() as patch:
        for name, limits in rendering.LIMITS.items():
            slow = replace(limits, wall=5 * PATIENCE)
            patch.setitem(rendering.LIMITS, name, slow)
        patch.setattr(workshop, "GRACE", PATIENCE)
        yield


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
