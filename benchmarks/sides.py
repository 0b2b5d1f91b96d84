"""One side of one work, in a process of its own: the site comes in as JSON, the figures go out.

python -m benchmarks.sides WORK souk|peer|souk_before|peer_before
"""

import asyncio
import cProfile
import os
import pstats
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from benchmarks.work import Figures, Site, Work
from benchmarks.works import WORKS
from entrypoints import logs

MARK = b"FIGURES "
PROFILE = "SOUK_BENCH_PROFILE"  # the file that a side's profile is written to
LINES = 45  # of a profile
WRITING = 20.0  # seconds in which a watcher is to end by itself


class Failed(Exception):
    """A side died; the message is what it said."""


async def run(
    work: Work,
    part: str,
    site: Site,
    profile: Path | None = None,
    spy: Sequence[str] = (),
) -> Figures:
    """``spy``: a command that watches the process whose number it gets. Raises Failed."""
    command = [sys.executable, "-m", "benchmarks.sides", work.name, part]
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | ({PROFILE: str(profile)} if profile else {}),
        cwd=Path(__file__).parents[1],
    )
    watcher = await _watching(spy, child.pid) if spy else None
    try:
        said, errors = await child.communicate(msgspec.json.encode(site))
        if watcher:
            await _ended(watcher)
    finally:
        with suppress(ProcessLookupError):
            child.kill()
    told, mark, after = said.rpartition(MARK)
    if child.returncode or not mark:
        raise Failed(f"{work.name}, {part}: {(said + errors).decode()[-20000:]}")
    sys.stdout.write(told.decode())
    return msgspec.json.decode(after.splitlines()[0], type=dict[str, float])


async def _watching(spy: Sequence[str], pid: int) -> asyncio.subprocess.Process:
    quiet = asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(*spy, str(pid), stdout=quiet, stderr=quiet)


async def _ended(watcher: asyncio.subprocess.Process) -> None:
    """It ends with what it watches, as a rule; interrupted, it writes what it has seen."""
    for told in (None, signal.SIGINT, signal.SIGKILL):
        if told is not None:
            watcher.send_signal(told)
        with suppress(TimeoutError):
            async with asyncio.timeout(WRITING):
                await watcher.wait()
                return


def main() -> None:
    logs.configure("warning")
    name, part = sys.argv[1:3]
    (work,) = (each for each in WORKS if each.name == name)
    site = msgspec.json.decode(sys.stdin.buffer.read(), type=Site)
    side: Callable[[Site], Figures | None] = getattr(work, part)
    target = os.environ.pop(PROFILE, None)
    figures = profiled(side, site, Path(target)) if target else side(site)
    sys.stdout.buffer.write(MARK + msgspec.json.encode(figures or {}) + b"\n")
    sys.stdout.flush()


def profiled(side: Callable[[Site], Figures | None], site: Site, target: Path) -> Figures | None:
    """Every call counted, which makes it slower: look at the shares, not at the rate."""
    profile = cProfile.Profile()
    try:
        return profile.runcall(side, site)
    finally:
        profile.dump_stats(target)
        for order in ("tottime", "cumulative"):
            pstats.Stats(profile, stream=sys.stdout).strip_dirs().sort_stats(order).print_stats(
                LINES
            )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
