"""Other parts of Olist than the slice: every figure is still what a plain script counts."""

import os

import pytest

from tests.olist import plain
from tests.olist.wild import Wild

# More of them by hand: SOUK_OLIST_SEEDS=100
SEEDS = range(int(os.environ.get("SOUK_OLIST_SEEDS", "6")))


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_figure_is_what_a_plain_script_counts(souk, tmp_path, seed):
    directory = Wild(seed).write(tmp_path)
    summary = await souk.run(directory)
    assert summary.refused == []
    assert [str(problem) for problem in summary.problems if problem.skipped] == [
        str(problem) for problem in summary.problems if "is not in orders" in problem.what
    ]
    assert await souk.report() == plain.report(directory)
