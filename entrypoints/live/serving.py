"""The role: a server on its port, with a gateway behind it."""

import asyncio
import gc

import structlog
from msgspec import structs

from adapters.live.listening import listening, room
from adapters.live.peer import Limits
from adapters.live.server import Server
from entrypoints.live.wiring import connect
from entrypoints.settings import Settings, own_origins

logger = structlog.get_logger(__name__)


async def serve(settings: Settings, host: str, port: int, stop: asyncio.Event) -> None:
    """Until ``stop``; everyone is told then to come back. Raises Unbound."""
    for each in listening(host, port):  # or it is refused before anything is begun
        each.close()
    async with connect(settings) as live:
        limits = Limits()
        server = Server(
            live.gateway.accept,
            limits=structs.replace(limits, connections=room(limits.connections)),
            origins=frozenset(settings.origins or own_origins(host, port)),
            ready=lambda: live.feed.ready,
        )
        bound = await server.start(host, port)
        _calm()
        logger.info("live", host=host, port=bound)
        await stop.wait()
        await server.close()


def _calm() -> None:
    """Thousands of sockets are thousands of lasting objects: looking at them again and again for
    garbage would stall everyone."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
