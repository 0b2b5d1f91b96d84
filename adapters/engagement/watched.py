"""Who has just watched what, and how many views are gathered that are in no batch yet."""

from collections.abc import Mapping
from typing import Any

from redis.exceptions import RedisError, ResponseError

from adapters.projector.valkey import client
from application.ports import Unavailable

WINDOW = 30 * 60  # seconds in which a viewer's views of one reel are one
TIMEOUT, SLOW = 0.5, 5.0  # seconds; slow: for who waits for Valkey's disk
GATHERED = "souk:views:gathered"  # a hash: views by tenant/reel
SETTLED = "souk:views:settled"
BATCHES = "souk:views:batches"  # a list: the names of batches that are not in the log yet
# The window and the count in one step: a view is in both or in neither.
SEE = """
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) then return 0 end
redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
return 1
"""
# What is gathered becomes a batch, which never changes.
CLOSE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('RPUSH', KEYS[3], KEYS[2])
return 1
"""


class Watched:
    """Views as they come. What Valkey forgets was not counted yet, or may be counted twice within
    the window: no more depends on it."""

    def __init__(self, valkey_url: str, timeout: float = TIMEOUT) -> None:
        self._valkey = client(valkey_url, timeout)
        self._see: Any = self._valkey.register_script(SEE)
        self._close: Any = self._valkey.register_script(CLOSE)

    async def close(self) -> None:
        await self._valkey.aclose()

    async def see(self, tenant: str, reel: str, viewer: str) -> bool:
        """Whether that is a view more: the viewer's first within the window. Raises
        Unavailable."""
        try:
            window = window_key(tenant, reel, viewer)
            return bool(await self._see([window, GATHERED], [WINDOW, f"{tenant}/{reel}"]))
        except (RedisError, OSError) as error:
            raise Unavailable("valkey") from error

    async def batch(self, name: str) -> None:
        """Close what is gathered under that new name."""
        await self._close([GATHERED, f"souk:views:batch:{name}", BATCHES], [])

    async def settle(self) -> None:
        """Until the batches there are lie on disk, where Valkey has one: after a crash it might
        else gather again what has been counted. Takes a second and more."""
        async with self._valkey.pipeline(transaction=False) as pipe:
            pipe.set(SETTLED, "1")
            pipe.execute_command("WAITAOF", 1, 0, 0)
            written, settled = await pipe.execute(raise_on_error=False)
        if isinstance(written, Exception):
            raise written
        if isinstance(settled, Exception) and not isinstance(settled, ResponseError):
            raise settled  # a ResponseError: it keeps nothing on disk

    async def batches(self) -> list[str]:
        """The names of the batches that are still to be logged, the oldest first."""
        names: Any = await self._valkey.lrange(BATCHES, 0, -1)
        return [name.decode().rpartition(":")[2] for name in names]

    async def counts(self, name: str) -> Mapping[tuple[str, str], int]:
        """A batch's views by tenant and reel."""
        rows: Any = await self._valkey.hgetall(f"souk:views:batch:{name}")
        return {_split(key): int(count) for key, count in rows.items()}

    async def done(self, name: str) -> None:
        """It is in the log."""
        key = f"souk:views:batch:{name}"
        async with self._valkey.pipeline(transaction=True) as pipe:
            pipe.delete(key)
            pipe.lrem(BATCHES, 1, key)
            await pipe.execute()


def window_key(tenant: str, reel: str, viewer: str) -> str:
    """That the viewer has just watched it. It begins as no row's counters do, whatever a tenant is
    called: who is erased in one leaves the keys of all others alone."""
    return f"souk-views:{tenant}:{reel}:{viewer}"


def _split(key: bytes) -> tuple[str, str]:
    tenant, _, reel = key.decode().partition("/")
    return tenant, reel
