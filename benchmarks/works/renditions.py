"""All four sizes of a JPEG of 12 megapixels, beside sharp, which decodes once as Souk does.

Memory: the most that the processes that render hold: the warm one and its job, each page
counted by those who share it; sharp's process counts its peak.
"""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec

from adapters.media.rendering import Job, render, workshop
from benchmarks import tools
from benchmarks.figures import Figure
from benchmarks.work import Figures, Site, Work

ROUNDS, LOOKS = 15, 3  # of the whole scale
DRAW = """
import sys, pyvips
plane = pyvips.Image.xyz(4000, 3000)
noise = pyvips.Image.gaussnoise(4000, 3000, sigma=40, mean=0, seed=3).gaussblur(2)
waves = ((plane[0] / 60).sin() + (plane[1] / 90).cos()) * 40
bands = [plane[0] / 16 + noise, plane[1] / 12 + noise, waves + 128 + noise]
image = bands[0].bandjoin(bands[1:]).cast("uchar").copy(interpretation="srgb")
image.jpegsave(sys.argv[1], Q=90)
"""
JOB = Job("image", None, 100 * 1024**2)


def source(site: Site) -> Path:
    path = Path(site.folder) / "twelve.jpg"
    if not path.exists():
        subprocess.run([sys.executable, "-c", DRAW, str(path)], check=True)  # noqa: S603
    return path


def souk(site: Site) -> Figures:
    path = source(site)
    with TemporaryDirectory(dir=site.folder) as folder:
        return asyncio.run(_measured(path, Path(folder), site.scale))


async def _measured(path: Path, folder: Path, scale: float) -> Figures:
    await render(path, folder, JOB)
    times = []
    for _ in range(max(1, int(ROUNDS * scale))):
        began = time.perf_counter()
        await render(path, folder, JOB)
        times.append((time.perf_counter() - began) * 1000)
    memory = [await _peak(path, folder) for _ in range(max(1, int(LOOKS * scale)))]
    workshop().close()
    return {"time": median(times), "memory": median(memory)}


async def _peak(path: Path, folder: Path) -> float:
    """In rounds of its own: looking takes time."""
    rendering, peak = asyncio.create_task(render(path, folder, JOB)), 0.0
    while not rendering.done():
        peak = max(peak, await asyncio.to_thread(_held))
        await asyncio.sleep(0.002)
    await rendering
    return peak


def _held() -> float:
    """Megabytes of the warm process and its jobs."""
    nursery = workshop().pid
    children = Path(f"/proc/{nursery}/task/{nursery}/children")
    return sum(_share(pid) for pid in (str(nursery), *children.read_text().split())) / 1024


def _share(pid: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def sharp(site: Site) -> Figures:
    folder = tools.npm(site, "sharp")
    command = "node", str(folder / "render.mjs"), str(source(site)), str(ROUNDS)
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, check=True, text=True, timeout=120
    )
    return msgspec.json.decode(done.stdout, type=dict[str, float])


FIGURES = {
    "time": Figure("four sizes of a 12-megapixel JPEG", "ms", 1, less=True),
    "memory": Figure("most memory while rendering them", "MB", 1, less=True),
}
WORKS = (
    Work(
        "renditions",
        FIGURES,
        souk,
        sharp,
        "sharp",
        install=lambda site: tools.npm(site, "sharp"),
    ),
)
