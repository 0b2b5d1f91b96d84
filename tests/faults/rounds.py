"""Round after round: load, disaster, recovery, checks."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import httpx
import psycopg

from entrypoints.cli.nats_credentials import credentials
from tests.faults import checks
from tests.faults.disasters import FULL_DISK, MUDDLED, Deck, Disaster
from tests.faults.follower import Follower
from tests.faults.ground import Ground
from tests.faults.load import TENANTS, Load
from tests.faults.pictures import pictures, waiting
from tests.faults.roots import roots
from tests.faults.sent import Mail
from tests.faults.tail import Tail
from tests.faults.watched import has_all, watched, watchers
from tests.faults.watcher import Watcher

RECOVERY = 240.0  # seconds in which everything must be well again by itself, on any machine
LEAST = 40  # commands that are acknowledged in a round
QUIET = 3  # looks in a row at which nothing moves


@dataclass
class Report:
    seed: int
    rounds: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    events: int = 0
    pushed: int = 0
    told: int = 0  # changes, to live watchers
    resumes: int = 0  # of live watchers, where they had been cut off
    lost_replies: int = 0  # of COMMIT
    skipped: tuple[str, ...] = ()
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kinds = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        lines = [
            f"seed {self.seed}: {self.rounds} rounds, {sum(self.faults.values())} faults",
            f"faults: {kinds}",
            f"commands: {self.commands['acknowledged']} acknowledged,"
            f" {self.commands['refused']} refused, {self.unknown} unknown and resolved",
            f"events: {self.events}, pushes taken: {self.pushed},"
            f" replies of COMMIT lost: {self.lost_replies}",
            f"live: {self.resumes} resumes, changes told: {self.told}",
            *(f"skipped, for want of root: {name}" for name in self.skipped),
            *(f"VIOLATION {line}" for line in self.violations),
            f"violations: {len(self.violations)}",
        ]
        return "\n".join(lines)


class Rounds:
    """``longest``: seconds that a process is frozen, or the disk full, at the most."""

    def __init__(
        self,
        ground: Ground,
        seed: int,
        longest: float,
        say: Callable[[str], None],
        only: Sequence[str] | None = None,
    ) -> None:
        self._ground, self._longest, self._say = ground, longest, say
        self._chance = Random(seed)
        self._owner = ground.settings.postgres_url
        self._mail, self._tail = Mail(ground), Tail(self._owner)
        self._load = Load(self._mail, Random(seed + 1))
        self._followers = [self._follower(tenant) for tenant in TENANTS]
        skipped = () if ground.disk else (FULL_DISK.name,)
        self._deck = Deck(self._chance, frozenset(skipped), only)
        self.report = Report(seed, skipped=skipped)
        self._watchers = watchers(TENANTS, ground.live, ground.token)
        self._lost = False  # what was pushed, with NATS's disk

    def _follower(self, tenant: str) -> Follower:
        settings, lasts = self._ground.settings, timedelta(hours=12)
        return Follower(
            credentials(settings, tenant, lasts, name="follower"),
            lambda: checks.documents(self._owner, self._mail, tenant),
            Random(tenant),
        )

    @property
    def _readers(self) -> list[Follower | Watcher]:
        return [*self._followers, *self._watchers]

    async def run(self, rounds: int) -> Report:
        stop = asyncio.Event()
        jobs = [self._tail.run(stop), *(each.run(stop) for each in self._readers)]
        tasks = [asyncio.create_task(job) for job in jobs]
        try:
            await self._load.open()
            for number in range(1, rounds + 1):
                await self._round(number, rounds)
        finally:
            stop.set()
            await asyncio.gather(*tasks)
            await self._mail.close()
        return self.report

    async def _round(self, number: int, of: int) -> None:
        disasters = self._deck.draw()
        names = " and ".join(disaster.name for disaster in disasters)
        self._say(f"round {number} of {of}: {names}")
        await self._hit(disasters)
        began = time.monotonic()
        unknown = await self._mail.resolve()
        recovered = await self._recover()
        seconds = time.monotonic() - began
        wrong = [] if recovered else [f"not well again after {RECOVERY:.0f} s"]
        wrong += await self._check()
        self._tell(disasters, unknown, [f"round {number} ({names}): {line}" for line in wrong])
        self._say(f"  {unknown} unknown, well after {seconds:.1f} s, {len(wrong)} violations")

    async def _hit(self, disasters: list[Disaster]) -> None:
        """Load all the while, and the disaster at some moment of it."""
        stop, before = asyncio.Event(), self._mail.acknowledged
        load = asyncio.create_task(self._load.run(stop))
        self._mail.full = any(disaster.full for disaster in disasters)
        self._lost |= any(disaster.loses_pushes for disaster in disasters)
        for follower in self._followers:
            follower.muddled = MUDDLED in disasters
        await asyncio.sleep(self._chance.uniform(0.3, 1.5))
        try:
            await asyncio.gather(
                *(
                    disaster.strike(self._ground, self._chance, self._longest)
                    for disaster in disasters
                )
            )
            await asyncio.sleep(self._chance.uniform(0.3, 1.0))
            await self._loaded(before + LEAST)
        finally:
            stop.set()
            await load
            self._mail.full = False

    async def _loaded(self, wanted: int) -> None:
        """A slow machine takes longer for a load that is worth its name."""
        until = time.monotonic() + RECOVERY
        while self._mail.acknowledged < wanted:
            if time.monotonic() > until:
                self._mail.violations.append("hardly a command was acknowledged")
                return
            await asyncio.sleep(0.05)

    async def _recover(self) -> bool:
        """Whether it did, by itself."""
        until, quiet = time.monotonic() + RECOVERY, 0
        while time.monotonic() < until:
            quiet = quiet + 1 if await self._is_well() else 0
            if quiet == QUIET:
                return True
            await asyncio.sleep(0.1)
        return False

    async def _is_well(self) -> bool:
        try:
            return (
                await checks.at_rest(self._owner, self._tail)
                and not waiting(self._tail)
                and all([await checks.is_told(self._owner, f) for f in self._followers])
                and await has_all(self._owner, self._watchers)
                and await self._ground.ready()
            )
        except (psycopg.Error, OSError, httpx.HTTPError):
            return False

    async def _check(self) -> list[str]:
        done = self._mail.settle()
        wrong = await checks.commands(self._owner, self._mail, done, self._tail, self._chance)
        wrong += await checks.order(self._owner, self._tail)
        wrong += await checks.rows(self._ground)
        for follower in self._followers:
            wrong += await checks.pushes(self._owner, follower, self._lost)
        wrong += await watched(self._owner, self._watchers, self._tail)
        wrong += checks.money(self._tail)
        wrong += await pictures(self._ground, self._tail)
        wrong += await roots(self._ground, self._followers)
        wrong += await checks.tenants(self._mail, self._tail, self._followers)
        for witness in (self._mail, self._tail, *self._readers):
            wrong += witness.violations
            witness.violations.clear()
        return wrong

    def _tell(self, disasters: list[Disaster], unknown: int, wrong: list[str]) -> None:
        report = self.report
        report.rounds += 1
        report.faults.update(disaster.name for disaster in disasters)
        report.commands = self._mail.count
        report.unknown += unknown
        report.events, report.lost_replies = self._tail.position, self._ground.lost_replies
        report.pushed = sum(len(follower.taken) for follower in self._followers)
        report.told = sum(len(watcher.told) for watcher in self._watchers)
        report.resumes = sum(watcher.resumes for watcher in self._watchers)
        report.violations += wrong
        for line in wrong:
            self._say(f"  VIOLATION {line}")


async def faults(
    rounds: int,
    seed: int,
    longest: float,
    say: Callable[[str], None],
    only: Sequence[str] | None = None,
) -> Report:
    """The whole of it. The data directory stays when there are violations, but not when it is
    ended from outside.

    ``only``: the kinds of disasters to choose from, by name.
    """
    ground = Ground()
    try:
        async with ground:
            report = await Rounds(ground, seed, longest, say, only).run(rounds)
    except asyncio.CancelledError:
        ground.clear()
        raise
    if report.violations:
        say(f"its logs are in {ground.directory / 'logs'}")
    else:
        with suppress(OSError):
            ground.clear()
    return report
