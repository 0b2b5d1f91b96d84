"""What goes wrong: one function for each kind, which ends what it began."""

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random

import psutil

from tests.faults.ground import ROLES, SERVERS, Ground

Strike = Callable[[Ground, Random, float], Awaitable[None]]


@dataclass(frozen=True)
class Disaster:
    """``loses_pushes``: what was pushed but not yet heard may be gone for good.
    ``full``: writes fail meanwhile, so an answer may be 500."""

    name: str
    strike: Strike
    loses_pushes: bool = False
    full: bool = False


async def kill(name: str, ground: Ground, chance: Random, longest: float) -> None:
    ground.signal(name, signal.SIGKILL)


async def stop(name: str, ground: Ground, chance: Random, longest: float) -> None:
    """Frozen, and thawed after ``longest`` seconds at the most."""
    frozen = ground.signal(name, signal.SIGSTOP)
    try:
        await asyncio.sleep(chance.uniform(1, longest))
    finally:
        for process in frozen:
            with suppress(psutil.Error):
                process.send_signal(signal.SIGCONT)


async def wipe(name: str, ground: Ground, chance: Random, longest: float) -> None:
    """It dies, and its disk with it."""
    ground.signal(name, signal.SIGSTOP)
    shutil.rmtree(ground.directory / name, ignore_errors=True)
    ground.signal(name, signal.SIGKILL)


async def remove(name: str, ground: Ground, chance: Random, longest: float) -> None:
    """Its directory goes, and it does not notice."""
    shutil.rmtree(ground.directory / name, ignore_errors=True)


async def fill_disk(ground: Ground, chance: Random, longest: float) -> None:
    """Of everything: log, counters, pushes, and what the processes say."""
    ballast = ground.home / "ballast"
    try:
        await asyncio.to_thread(_fill, ballast)
        await asyncio.sleep(chance.uniform(1, longest))
    finally:
        ballast.unlink(missing_ok=True)


def _fill(path: os.PathLike[str]) -> None:
    with open(path, "wb", buffering=0) as file:
        room = os.statvfs(path)
        with suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_bsize)
        with suppress(OSError):
            file.seek(0, os.SEEK_END)
            while True:
                file.write(bytes(4096))


async def lose_commits(ground: Ground, chance: Random, longest: float) -> None:
    """The server commits, and its answer never comes; or only after the client was told that
    the connection is gone."""
    for _ in range(chance.randint(4, 10)):
        ground.proxy.late = chance.choice((0.0, 0.2))
        ground.proxy.swallow = 1
        await asyncio.sleep(chance.uniform(0.1, 0.6))
        ground.lost_replies += ground.proxy.swallow == 0
    ground.proxy.swallow = 0


async def cut(ground: Ground, chance: Random, longest: float) -> None:
    """Every connection through the proxy breaks, and for a while no other is made."""
    ground.proxy.refuse = True
    ground.proxy.cut()
    await asyncio.sleep(chance.uniform(0.1, 1))
    ground.proxy.refuse = False


async def muddle(ground: Ground, chance: Random, longest: float) -> None:
    """Deliveries come twice and in the wrong order; the followers see to that by themselves."""
    await asyncio.sleep(1)


MUDDLED = Disaster("deliveries doubled and reordered", muddle)
FULL_DISK = Disaster("full disk", fill_disk, full=True)
DISASTERS = (
    *(Disaster(f"kill {name}", partial(kill, name)) for name in (*ROLES, *SERVERS)),
    *(Disaster(f"stop {name}", partial(stop, name)) for name in (*ROLES, *SERVERS)),
    Disaster("wipe valkey", partial(wipe, "valkey")),
    Disaster("wipe nats", partial(wipe, "nats"), loses_pushes=True),
    Disaster("remove nats", partial(remove, "nats"), loses_pushes=True),
    Disaster("lost replies of COMMIT", lose_commits),
    Disaster("connections cut", cut),
    FULL_DISK,
    MUDDLED,
)


class Deck:
    """Every kind comes up before any comes up again; now and then two at once."""

    def __init__(
        self, chance: Random, without: frozenset[str], only: Sequence[str] | None = None
    ) -> None:
        self._chance, self._cards = chance, list[Disaster]()
        wanted = set(only or (disaster.name for disaster in DISASTERS)) - without
        self._all = [disaster for disaster in DISASTERS if disaster.name in wanted]

    def draw(self) -> list[Disaster]:
        drawn = [self._card()]
        if self._chance.random() < 0.4:
            drawn += [card for card in [self._card()] if card.name != drawn[0].name]
        return drawn

    def _card(self) -> Disaster:
        if not self._cards:
            self._cards = self._chance.sample(self._all, len(self._all))
        return self._cards.pop()
