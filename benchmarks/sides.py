"""One side of one work, in a process of its own: the site comes in as JSON, the figures go out.

python -m benchmarks.sides WORK souk|peer|souk_before|peer_before
"""

import asyncio
import cProfile
import os
import pstats
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from benchmarks.work import Figures, Site, Work
from benchmarks.works import WORKS
from entrypoints import logs

MARK = b"FIGURES "
PROFILE = "SOUK_BENCH_PROFILE"  # the file that a side's profile is written to
LINES = 45  # of a profile


class Failed(Exception):
    """A side died; the message is what it said."""


async def run(work: Work, part: str, site: Site, profile: Path | None = None) -> Figures:
    """Raises Failed."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.sides", work.name, part),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | ({PROFILE: str(profile)} if profile else {}),
        cwd=Path(__file__).parents[1],
    )
    try:
        said, errors = await child.communicate(msgspec.json.encode(site))
    finally:
        with suppress(ProcessLookupError):
            child.kill()
    before, mark, after = said.rpartition(MARK)
    if child.returncode or not mark:
        raise Failed(f"{work.name}, {part}: {(said + errors).decode()[-3000:]}")
    sys.stdout.write(before.decode())
    return msgspec.json.decode(after, type=dict[str, float])


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
