"""Uploads that nobody needs any more: whoever should have removed one was killed just before, it
was sent once more when it had been looked at already, or it was never confirmed."""

import asyncio
from datetime import timedelta
from functools import reduce

import structlog

from adapters.media import keys
from adapters.media.objects import Objects
from adapters.projector.leader import sleep
from application.ports import Log
from application.work import stream_of
from domain import media
from domain.media import Asset

EVERY = 600.0  # seconds between two looks
# Bytes count against no quota before they are confirmed, so they cannot wait for ever.
UNCONFIRMED = timedelta(days=1)
logger = structlog.get_logger(__name__)


class Sweeping:
    """Any number at once: to remove what is gone is no harm."""

    def __init__(self, log: Log, objects: Objects) -> None:
        self._log, self._objects = log, objects

    async def run(self, stop: asyncio.Event) -> None:
        """First of all after a start, which may follow on a death. Raises Unavailable."""
        while not stop.is_set():
            await self.step()
            await sleep(stop, EVERY)

    async def step(self) -> int:
        """Look through all tenants' uploads; how many went. Raises Unavailable."""
        gone = 0
        for tenant in await self._objects.folders():
            left = [id for id in await self._uploads(tenant) if await self._is_over(tenant, id)]
            if left:
                await self._objects.remove(*(keys.upload(tenant, id) for id in left))
                gone += len(left)
        if gone:
            logger.info("uploads swept", uploads=gone)
        return gone

    async def _uploads(self, tenant: str) -> list[str]:
        prefix = keys.upload(tenant, "")
        return [key.removeprefix(prefix) for key in await self._objects.under(prefix)]

    async def _is_over(self, tenant: str, id: str) -> bool:
        """Whether what came of it is in the log, or nothing will any more."""
        stream = stream_of(tenant, media, id)
        past = (await self._log.read(tenant, [stream]))[stream]
        asset: Asset = reduce(media.evolve, (r.event for r in past), media.EMPTY)
        if asset.status == "requested":
            return await self._log.now() - past[0].recorded_at > UNCONFIRMED
        return is_over(asset)


def is_over(asset: Asset) -> bool:
    """Whether what came of it is in the log."""
    return asset.status not in ("", "requested") and not asset.waits
