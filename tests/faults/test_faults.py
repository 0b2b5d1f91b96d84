"""A short run of `make faults`: five rounds of disasters, and nothing that must hold is broken."""

import pytest

from tests.faults.rounds import faults

SEED = 3


@pytest.mark.timeout(1500)
async def test_no_crash_loses_doubles_or_skips_anything():
    report = await faults(rounds=5, seed=SEED, longest=2.0, say=print)
    assert report.rounds == 5
    assert report.violations == [], str(report)
    assert report.commands["acknowledged"] > 100
    assert report.resumes > 50
    assert report.told > 100
