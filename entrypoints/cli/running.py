"""What `souk up` runs: the servers, then the roles, then whoever asks."""

import asyncio
import os
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import click
from msgspec.structs import replace

from adapters.backup.arrivals import FOLDER as ARRIVED
from adapters.backup.arrivals import Arrivals
from adapters.embedded.child import Child, Died
from adapters.embedded.home import HALF, Half, Home, write_private
from adapters.embedded.keeper import keep_all
from adapters.embedded.ports import LOOPBACK
from adapters.embedded.stack import Stack
from adapters.media.objects import Objects
from adapters.schema import establish
from entrypoints.cli.welcome import welcome
from entrypoints.instance import announce, given_urls, settings_of, unread, withdraw
from entrypoints.settings import Settings, choices_of, own_origins, to_env
from projections import PROJECTIONS

READY = 180.0  # seconds that the API has to be ready, also on a crowded machine
PATIENCE = 60.0  # seconds that a command of the seed may wait: nobody asks for its answer
STOP = 12.0  # seconds that a role has to finish its work
SEEDED = "seeded"  # the marker of a directory that has been


class Running:
    """One instance on its directory, from start to stop."""

    def __init__(self, directory: Path, port: int, live_port: int, empty: bool) -> None:
        self._stack = Stack(directory, given_urls(), tell=_tell)
        self._home: Home = self._stack.home
        self._port, self._live_port, self._empty = port, live_port, empty
        self._url, self._live = f"http://{LOOPBACK}:{port}", f"http://{LOOPBACK}:{live_port}"
        self._roles: list[Child] = []

    async def run(self) -> None:
        """Until cancelled; stops everything then. Raises Held, Half, Died, SettingsMissing."""
        if (self._home.path / HALF).exists():
            raise Half(self._home.path)
        choices_of(os.environ)  # what is nonsense is told before anything starts
        click.echo(f"souk: starting on {self._home.path}")
        for name in unread():
            _tell(f"{name} is not read: keys and receipts of `souk up` are its own")
        async with self._stack as urls:
            settings = self._reachable(settings_of(self._home, urls))
            try:
                await establish(settings.postgres_url, PROJECTIONS)
                await self._start(settings)
                announce(self._home, self._url, self._live, urls, settings)
                if not self._empty:
                    await self._seed(settings)
                welcome(self._url, self._live, settings, self._home.path)
                await self._keep(settings)
            finally:
                click.echo("souk: stopping")
                withdraw(self._home)
                await asyncio.gather(*(role.stop() for role in self._roles))

    async def _keep(self, settings: Settings) -> None:
        """The roles, and beside the write-ahead log the objects that arrive."""
        objects = Objects(settings.s3_url)
        arrivals = Arrivals(self._home.path / ARRIVED, objects)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(keep_all(self._roles, _tell))
                group.create_task(arrivals.run(settings.postgres_url, _tell))
        finally:
            objects.close()

    def _reachable(self, settings: Settings) -> Settings:
        """Where the live gateway is, and whose pages may speak to it, unless that is given."""
        own = own_origins(LOOPBACK, self._port) + own_origins(LOOPBACK, self._live_port)
        return replace(
            settings,
            live_url=settings.live_url or self._live,
            origins=settings.origins or tuple(own),
        )

    async def _start(self, settings: Settings) -> None:
        environment = to_env(settings)
        for name, *options in (
            ("api", "--port", str(self._port)),
            ("live", "--port", str(self._live_port)),
            ("projector",),
            ("policies",),
            ("worker",),
        ):
            command = [sys.executable, "-m", "entrypoints.cli", name, *options]
            role = Child(self._home, name, command, bound=STOP, environment=environment)
            role.start()
            self._roles.append(role)
        await self._ready()

    async def _ready(self) -> None:
        until = time.monotonic() + READY
        while time.monotonic() < until:
            for role in self._roles:
                if not role.alive:
                    raise Died(f"the {role.name} does not start: {role.last_words()}")
            if await asyncio.to_thread(self._all_ready):
                return
            await asyncio.sleep(0.1)
        raise Died(f"API and gateway are not ready; see {self._home.folder('logs')}")

    def _all_ready(self) -> bool:
        return all(answers(f"{url}/health/ready") for url in (self._url, self._live))

    async def _seed(self, settings: Settings) -> None:
        """Once for each directory. The seed itself may be run again after a kill."""
        marker = self._home.path / SEEDED
        if marker.exists():
            return
        from entrypoints.seed.gardener import seed  # every use case, which no later start needs

        await seed(replace(settings, patience=PATIENCE))
        write_private(marker, b"")


def _tell(line: str) -> None:
    """Whoever reads the output may be gone; that is no reason to stop."""
    with suppress(OSError):
        click.echo(f"souk: {line}", err=True)


def answers(url: str) -> bool:
    with suppress(urllib.error.URLError, OSError):
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own API
            return bool(answer.status == 200)
    return False
