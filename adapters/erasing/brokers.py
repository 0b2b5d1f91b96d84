"""What Valkey and NATS hold that names a person. Neither has personal data, sealed or not."""

import nats
from nats.js.errors import NotFoundError
from redis.exceptions import RedisError

from adapters.projector.relay import CONNECT, STREAM
from adapters.projector.valkey import client
from application.ports import Unavailable

TIMEOUT = 5.0  # seconds
SCANNED = 1000  # keys at once


async def purge_messages(url: str, tenant: str, subject: str) -> int:
    """Messages with their id in the subject; live watchers read Postgres instead. Raises
    Unavailable."""
    try:
        connection = await nats.connect(url, connect_timeout=int(CONNECT), allow_reconnect=False)
        try:
            stream = connection.jetstream()
            info = await stream.stream_info(STREAM, subjects_filter=f"souk.{tenant}.>")
            found = info.state.subjects or {}
            wanted = [name for name in found if subject in name.split(".")[2:]]
            for name in wanted:
                await stream.purge_stream(STREAM, subject=name)
            return sum(found[name] for name in wanted)
        except NotFoundError:
            return 0
        finally:
            await connection.close()
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise Unavailable("nats") from error


async def purge_keys(url: str, tenant: str, subject: str) -> int:
    """Keys with their id: which reels they have watched just now. Raises Unavailable."""
    valkey, purged = client(url, TIMEOUT), 0
    try:
        async for key in valkey.scan_iter(match=f"souk:*:{tenant}:*", count=SCANNED):
            if subject.encode() in key.split(b":")[3:]:
                purged += int(await valkey.delete(key))
    except (RedisError, OSError) as error:
        raise Unavailable("valkey") from error
    finally:
        await valkey.aclose()
    return purged
