import pytest

from tests.tamper.ground import Ground, grounded


@pytest.fixture(scope="session")
async def ground(stack, new_database, tmp_path_factory) -> Ground:
    """A market with something of everything, and roots of it; tests put back what they change."""
    async with grounded(stack, new_database(), tmp_path_factory.mktemp("bundles")) as found:
        yield found
