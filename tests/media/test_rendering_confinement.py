"""A job that does what a hostile file could make a decoder do: it comes to nothing."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from adapters.media.rendering import FILM, Job, Unacceptable, render_in
from adapters.media.report import Ended, Limits, Order, Refusal, Report
from adapters.media.workshop import Workshop
from tests.media import corpus
from tests.policies.market import until

SECRET = "souk-a-secret-of-the-parent"
LIMITS = Limits(memory=200 * 1024**2, cpu=60, wall=300.0, written=4 * 1024**2)


@pytest.fixture(scope="module")
def place() -> Iterator[Workshop]:
    os.environ["SOUK_SECRET"] = SECRET
    place = Workshop("tests.media.hostile")
    yield place
    place.close()
    del os.environ["SOUK_SECRET"]


async def trick(place: Workshop, name: str, limits: Limits = LIMITS) -> Report:
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as spool:
        order = Order("image", name, None, limits)
        return await place.work(order, source.fileno(), spool.fileno())


async def told(place: Workshop, name: str) -> str:
    report = await trick(place, name)
    assert isinstance(report, Refusal), report
    return report.detail


@pytest.mark.parametrize(
    "name", ["fork", "exec", "socket", "unix", "open", "write", "list", "parent", "kill", "session"]
)
async def test_it_starts_no_process_opens_nothing_and_signals_nobody(
    place: Workshop, name: str
) -> None:
    assert await told(place, name) == "denied: 1"


@pytest.mark.parametrize("name", ["allocate", "share"])
async def test_it_gets_no_more_memory_than_its_own(place: Workshop, name: str) -> None:
    report = await trick(place, name)
    assert report == Refusal(name, "denied: memory") or report == Refusal(name, "denied: 12")


async def test_it_writes_no_more_than_it_may(place: Workshop) -> None:
    report = await trick(place, "fill")
    assert report in (Refusal("fill", "denied: 27"), Ended(-25, False))  # EFBIG, SIGXFSZ


async def test_who_computes_for_ever_is_ended(place: Workshop) -> None:
    report = await trick(place, "loop", replace(LIMITS, cpu=1))
    assert report == Ended(-24, True)


async def test_who_does_not_hear_that_its_time_is_up_is_late_all_the_same(place: Workshop) -> None:
    assert await trick(place, "deaf", replace(LIMITS, cpu=1)) == Ended(-9, True)


async def test_a_job_that_the_machine_killed_says_nothing_of_its_source(
    place: Workshop, tmp_path: Path
) -> None:
    (source := tmp_path / "source").write_bytes(corpus.encoded("png"))
    with pytest.raises(OSError, match="killed"):
        await render_in(place, source, tmp_path, Job("image"))


@pytest.mark.parametrize("format", ["gif", "webp"])
async def test_a_source_at_which_its_job_crashes_is_refused(
    place: Workshop, tmp_path: Path, format: str
) -> None:
    (source := tmp_path / "source").write_bytes(corpus.encoded(format))
    with pytest.raises(Unacceptable) as refused:
        await render_in(place, source, tmp_path, Job("image"))
    assert refused.value.code == "media.damaged"


async def test_who_waits_for_ever_is_ended(place: Workshop) -> None:
    assert await trick(place, "sleep", replace(LIMITS, wall=0.3)) == Ended(-9, True)


async def test_who_crashes_takes_nobody_along(place: Workshop) -> None:
    assert await trick(place, "crash") == Ended(-11, False)
    assert await told(place, "thread") == "['ran']"


async def test_it_knows_nothing_of_its_parent(place: Workshop) -> None:
    assert await told(place, "environment") == "{}"
    assert await told(place, "descriptors") == "[0, 1, 2, 3, 4, 5]"


async def test_one_job_leaves_nothing_to_the_next(place: Workshop) -> None:
    assert [await told(place, "leave") for _ in range(3)] == ["1", "1", "1"]


async def test_the_warm_process_never_had_the_secrets(place: Workshop) -> None:
    await told(place, "leave")
    assert place.pid is not None
    assert SECRET.encode() not in _environment(place.pid)


async def test_a_nursery_that_died_is_replaced(place: Workshop) -> None:
    await told(place, "leave")
    assert place._nursery is not None
    place._nursery.kill()
    place._nursery.wait()
    assert await told(place, "leave") == "1"


async def test_who_no_longer_waits_has_their_job_ended(place: Workshop) -> None:
    waiting = asyncio.create_task(trick(place, "sleep"))
    await until(lambda: _children(place) == 1)
    waiting.cancel()
    await until(lambda: _children(place) == 0)


def test_a_job_has_the_limits_that_are_told() -> None:
    said = (Path(__file__).parents[2] / "docs" / "media.md").read_text()
    told = " | ".join(
        f"{one.memory // 1024**2} MiB, {one.cpu} s, {one.wall:.0f} s" for one in (Limits(), FILM)
    )
    assert f"| a job's memory, processor time, time | {told} |" in said


def _environment(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def _children(place: Workshop) -> int:
    if (pid := place.pid) is None:
        return 0
    return len(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
