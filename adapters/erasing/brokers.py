"""What Valkey and NATS hold that names a person. Neither has personal data, sealed or not."""

import nats
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from redis.exceptions import RedisError

from adapters.engagement.watched import window_key
from adapters.nats.connecting import connected
from adapters.projector.relay import STREAM
from adapters.projector.valkey import client
from application.ports import Unavailable

TIMEOUT = 5.0  # seconds
DEEPEST = 6  # words of a subject behind its context
SCANNED = 1000  # keys at once


async def purge_messages(url: str, tenant: str, subject: str) -> int:
    """Messages with their id in the subject; live watchers read Postgres instead. Raises
    Unavailable."""
    try:
        connection = await connected(url)
        try:
            stream = connection.jetstream()
            purged = 0
            for place in range(DEEPEST):
                name = f"souk.{tenant}.{'*.' * (place + 1)}{subject}"
                for wanted in (name, f"{name}.>"):
                    purged += await _purged(stream, wanted)
            return purged
        except NotFoundError:
            return 0
        finally:
            await connection.close()
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise Unavailable("nats") from error


async def _purged(stream: JetStreamContext, wanted: str) -> int:
    """What matches. To list all of a tenant's instead would be cut off at 100,000."""
    info = await stream.stream_info(STREAM, subjects_filter=wanted)
    found = sum((info.state.subjects or {}).values())
    if found:
        await stream.purge_stream(STREAM, subject=wanted)
    return found


async def purge_keys(url: str, tenant: str, subject: str) -> int:
    """Which reels they have watched just now. Raises Unavailable."""
    valkey, purged = client(url, TIMEOUT), 0
    try:
        watched = window_key(tenant, "*", subject)
        async for key in valkey.scan_iter(match=watched, count=SCANNED):
            purged += int(await valkey.delete(key))
    except (RedisError, OSError) as error:
        raise Unavailable("valkey") from error
    finally:
        await valkey.aclose()
    return purged
