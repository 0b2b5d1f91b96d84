"""Where sources lie while they are rendered: nothing stays there for ever."""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from adapters.media import folders
from adapters.media.worker import Worker

KILLED = """
import os, pathlib, signal
from adapters.media.folders import folder
place = folder()
pathlib.Path(place.name, "source").write_bytes(b"an original")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def places(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    folders.sweep.cache_clear()
    return tmp_path


def killed():
    """A worker, in the middle of it."""
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", KILLED], env=os.environ | path, check=False)


def test_what_a_killed_worker_left_goes_and_what_others_are_at_stays(places):
    killed()
    (left,) = places.iterdir()
    assert (left / "source").exists()
    (others := places / f"{folders.PREFIX}{os.getppid()}-x").mkdir()
    (same_number := places / f"{folders.PREFIX}{os.getpid()}-x").mkdir()
    with folders.folder() as own:
        assert not same_number.exists()
        folders.sweep()
        assert set(places.iterdir()) == {others, Path(own)}


async def test_a_worker_that_starts_sweeps_though_nothing_is_to_be_rendered(places):
    killed()
    nobody = "postgresql://nobody@127.0.0.1:1/none"
    stop = asyncio.Event()
    stop.set()
    await Worker(nobody, None, None).run(stop)
    assert not list(places.iterdir())
