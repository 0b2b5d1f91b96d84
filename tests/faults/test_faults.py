"""A short run of `make faults`: five rounds of disasters, and nothing that must hold is broken."""

import os
import subprocess
import sys
import time

import pytest

from tests.faults.rounds import faults
from tests.support.patience import PATIENCE

SEED = 3


@pytest.mark.timeout(1500)
async def test_no_crash_loses_doubles_or_skips_anything():
    report = await faults(rounds=5, seed=SEED, longest=2.0, say=print)
    assert report.rounds == 5
    assert report.violations == [], str(report)
    assert report.commands["acknowledged"] > 100
    assert report.resumes > 50
    assert report.told > 100


def test_whoever_ends_a_run_finds_neither_its_disk_nor_its_directory(tmp_path):
    command = [sys.executable, "-m", "tests.faults", "--rounds", "1", "--only", "kill the worker"]
    run = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(tmp_path)})
    try:
        until = time.monotonic() + PATIENCE
        while not list(tmp_path.glob("souk-faults-*/souk")):  # its disk is there, and used
            assert time.monotonic() < until
            assert run.poll() is None
            time.sleep(0.02)
        run.terminate()
        assert run.wait(5 * PATIENCE) == 143
    finally:
        run.kill()
        run.wait()
    assert list(tmp_path.glob("souk-faults-*")) == []
