"""What lies in Valkey, under which keys, and the script that writes only what is newer."""

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

CONNECTIONS = 32  # of one client, at the most
# A row of another epoch is always replaced. The tombstone of a row that is gone keeps older
# changes out for as long as they could still come.
PUT = """
local old = redis.call('HMGET', KEYS[1], 'epoch', 'position')
if old[1] == ARGV[1] and tonumber(old[2]) > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1],
    'epoch', ARGV[1], 'position', ARGV[2], 'owner', ARGV[3], 'document', ARGV[4])
if ARGV[4] == '' then redis.call('EXPIRE', KEYS[1], 86400) else redis.call('PERSIST', KEYS[1]) end
return 1
"""
# Nothing was lost since the epoch was begun.
MARK = """
if redis.call('HGET', KEYS[1], 'begun') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
"""
FIELDS = ("epoch", "position", "owner", "document")


def client(url: str, timeout: float) -> Redis:
    """Fails after ``timeout`` seconds, once: who calls knows what to do instead. Who finds all
    connections busy waits for one, no longer than that."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=timeout,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        # Those of a managed Redis; with them the pool hands out connections that the server ended.
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return Redis.from_pool(pool)


def row_key(tenant: str, table: str, id: str) -> str:
    return f"souk:{tenant}:{table}:{id}"


def owner(tenant: str, table: str, id: str) -> str:
    """Kept in the value and checked on reading: a mixed-up reply must not cross tenants."""
    return row_key(tenant, table, id)


def epoch_key(projection: str) -> str:
    return f"souk:epoch:{projection}"
