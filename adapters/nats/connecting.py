"""One try to reach a server, by those who try again themselves."""

import asyncio

import nats
import structlog
from nats.aio.client import Callback, Client

from adapters.nats.servers import servers

CONNECT = 2.0  # seconds
logger = structlog.get_logger(__name__)


async def connected(url: str, lost: Callback | None = None) -> Client:
    """A connection that never comes back once it is lost, of which ``lost`` is told.

    Raises nats.errors.Error, OSError, TimeoutError.
    """
    async with asyncio.timeout(CONNECT):  # it tries for minutes by itself
        return await nats.connect(
            **servers(url), allow_reconnect=False, error_cb=quiet, closed_cb=lost
        )


async def quiet(error: Exception) -> None:
    """Who uses the connection hears of it there."""
    logger.debug("nats", error=str(error))
