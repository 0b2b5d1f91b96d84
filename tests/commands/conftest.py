from tests.policies.conftest import market

__all__ = ["market"]
