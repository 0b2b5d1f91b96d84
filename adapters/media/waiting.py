"""An S3 server that has just been started answers long before it can keep anything."""

import asyncio

from adapters.media.objects import Objects
from application.ports import Unavailable

PATIENCE, PAUSE = 60.0, 0.2  # seconds


async def awake(objects: Objects) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await objects.put("awake", b"yes", "text/plain")
                await objects.remove("awake")
                return
            except Unavailable:
                await asyncio.sleep(PAUSE)


async def answering(objects: Objects) -> None:
    """Until it can be read. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await objects.folders()
                return
            except Unavailable:
                await asyncio.sleep(PAUSE)
