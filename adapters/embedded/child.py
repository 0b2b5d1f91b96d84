"""A child process on a leash: recorded, logged, stopped within a bound."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from adapters.embedded import leash
from adapters.embedded.account import Account
from adapters.embedded.home import MARK, Home, write_private

# Say who may write to a bucket of backups; our S3 server would take that one for its administrator.
OTHERS = "AWS_"
ROOM = 2**20  # bytes without which a disk is called full


class Died(Exception):
    """A child process ended although it should run."""


@dataclass
class Child:
    """``stop_with``: the signal that asks it to end; ``bound``: seconds until it is killed.

    ``prepare``: writes what it needs in its directory, before every start: a server whose
    directory was lost starts again in an empty one. ``well``: whether it says so itself.
    """

    home: Home
    name: str
    command: list[str]
    stop_with: signal.Signals = signal.SIGTERM
    bound: float = 5.0
    account: Account | None = None
    environment: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None
    well: Callable[[], Awaitable[bool]] | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """From the thread that lives as long as the process: the leash is tied to the thread.

        Raises OSError, on a full disk, and then nothing runs: who is on no record could not be
        found by those who come after us.
        """
        self.prepare()
        ids = self.account or Account(-1, -1)
        front = [sys.executable, "-I", "-S", leash.__file__, str(os.getpid())]
        numbers = [str(int(self.stop_with)), str(ids.uid), str(ids.gid)]
        with self.home.log(self.name).open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [*front, *numbers, *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**_surroundings(), **self.environment, MARK: str(self.home.path)},
                cwd="/",
            )
        try:
            self._record(self.process.pid)
        except OSError:
            self.process.kill()
            with suppress(ProcessLookupError):  # it has no group yet, or has left nothing
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise

    def _record(self, pid: int) -> None:
        with suppress(psutil.Error):
            started = psutil.Process(pid).create_time()
            record = {"pid": pid, "started": started, "command": self.command}
            path = self.home.folder("run") / f"{self.name}.json"
            write_private(path, json.dumps(record).encode())

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def last_words(self) -> str:
        """Of its log; if it wrote nothing, why that may be."""
        log = self.home.log(self.name)
        if said := log.read_text(errors="replace")[-1500:].strip():
            return said
        full = shutil.disk_usage(log.parent).free < ROOM
        return f"the disk of {self.home.path} is full" if full else f"nothing is in {log}"

    async def over(self, look: float = 0.02) -> None:
        """Wait until it ends by itself. ``look``: seconds between two looks."""
        while self.alive:  # noqa: ASYNC110 - a thread that waits could not be cancelled
            await asyncio.sleep(look)

    async def stop(self) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            if self.alive:
                self.process.send_signal(self.stop_with)
                with suppress(subprocess.TimeoutExpired):
                    await asyncio.to_thread(self.process.wait, self.bound)
            os.killpg(self.process.pid, signal.SIGKILL)  # and whatever it left behind
        await asyncio.to_thread(self.process.wait)
        (self.home.folder("run") / f"{self.name}.json").unlink(missing_ok=True)

    async def restart(self) -> None:
        """Start it again, after ending whatever a dead one left of itself."""
        await self.stop()
        self.start()


def _surroundings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(OTHERS)}
