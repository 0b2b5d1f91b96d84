"""Who is told to come back comes back: for a Souk with less patience than a machine may be busy."""

import asyncio

from tests.support.http import Api
from tests.support.patience import PATIENCE


class Returning:
    """Sends what was answered 503 again, as it was: with its idempotency key."""

    def __init__(self, http):
        self._http = http

    async def request(self, *words, **more):
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await self._http.request(*words, **more)
                if answer.status_code != 503:
                    return answer
                await asyncio.sleep(0.1)


def returning(api):
    """The same Souk, for those clients."""
    return Api(api.souk, Returning(api.http))
