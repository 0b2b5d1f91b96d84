"""What lies in Valkey, under which keys, and the script that writes only what is newer."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

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
FIELDS = ("epoch", "position", "owner", "document")


def client(url: str, timeout: float) -> Redis:
    """Fails after ``timeout`` seconds, once: who calls knows what to do instead."""
    return Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
    )


def row_key(tenant: str, table: str, id: str) -> str:
    return f"souk:{tenant}:{table}:{id}"


def owner(tenant: str, table: str, id: str) -> str:
    """Kept in the value and checked on reading: a mixed-up reply must not cross tenants."""
    return row_key(tenant, table, id)


def epoch_key(projection: str) -> str:
    return f"souk:epoch:{projection}"
