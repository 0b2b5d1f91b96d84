import pytest

from tests.log.notes import opened


@pytest.fixture
async def log(database):
    async with opened(database) as log:
        yield log
