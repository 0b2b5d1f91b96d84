"""The instance under test: `souk up` as a child, and a second API that speaks through a proxy."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
from msgspec.structs import replace

from adapters.embedded import leash
from adapters.embedded.ports import free_ports
from entrypoints.cli.token import sign
from entrypoints.instance import find
from entrypoints.settings import to_env
from tests.log.proxy import Proxy
from tests.support.instances import Up
from tests.support.patience import PATIENCE

ROLES = ("api", "live", "projector", "policies", "worker")
SERVERS = ("postgres", "valkey", "nats", "s3")
DISK = "1500m"  # of which Souk needs a fraction


class Ground:
    """``async with Ground() as ground``: everything runs, and is gone afterwards."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="souk-faults-"))
        self.home.chmod(0o755)
        self.disk = _mounted(self.home)
        self.directory = self.home / "souk"
        self.lost_replies = 0  # of COMMIT
        self._second: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> "Ground":
        self.up = Up(self.directory)
        try:
            await asyncio.to_thread(self.up.ready)
            self.settings = find(self.directory, {})
            self.live = json.loads((self.directory / "instance.json").read_text())["live"]
            self.proxy = Proxy(self.settings.postgres_url, only=b"souk-committer")
            await self.proxy.__aenter__()
            self.urls = [self.up.url, await self._start_second()]
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()
        await self.proxy.__aexit__()

    async def _stop(self) -> None:
        if self._second:
            self._second.terminate()
            await asyncio.to_thread(self._second.wait)
        await asyncio.to_thread(self.up.stop)

    def clear(self) -> None:
        """Remove every trace."""
        if self.disk:
            subprocess.run(["umount", "-l", str(self.home)], check=True)
        shutil.rmtree(self.home, ignore_errors=True)

    async def _start_second(self) -> str:
        """Its commits go through the proxy; nobody else's do."""
        (port,) = free_ports(1)
        environment = to_env(replace(self.settings, postgres_url=self.proxy.url))
        front = [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), "15", "-1", "-1"]
        command = [sys.executable, "-m", "entrypoints.cli", "api", "--port", str(port)]
        with (self.home / "second.log").open("wb") as log:
            self._second = subprocess.Popen(  # noqa: ASYNC220
                [*front, *command], stdout=log, stderr=log, env={**os.environ, **environment}
            )
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 3 * PATIENCE
        while time.monotonic() < until:
            if await answers(url):
                return url
            await asyncio.sleep(0.1)
        raise AssertionError((self.home / "second.log").read_text())

    def token(self, role: str, user: str, tenant: str) -> str:
        return sign(self.settings, role, tenant, user)

    def tree(self, name: str) -> list[psutil.Process]:
        """A role's or server's processes, parents first; empty while it is being started again."""
        with suppress(OSError, ValueError, psutil.Error):
            record = json.loads((self.directory / "run" / f"{name}.json").read_text())
            process = psutil.Process(record["pid"])
            if abs(process.create_time() - record["started"]) < 2:
                return [process, *process.children(recursive=True)]
        return []

    def signal(self, name: str, number: signal.Signals) -> list[psutil.Process]:
        """To all of its processes; those that got it."""
        reached = []
        for process in self.tree(name):
            with suppress(psutil.Error):
                process.send_signal(number)
                reached.append(process)
        return reached

    async def ready(self) -> bool:
        return all([await answers(url) for url in self.urls])


async def answers(url: str) -> bool:
    """Whether an API says that everything is there."""
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            return (await client.get(f"{url}/health/ready")).json().get("status") == "ok"
    except (httpx.HTTPError, ValueError):
        return False


def _mounted(home: Path) -> bool:
    """A small disk of one's own, which only root can make."""
    if os.geteuid() != 0:
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "souk-faults", str(home)]
    return subprocess.run(command, capture_output=True).returncode == 0
