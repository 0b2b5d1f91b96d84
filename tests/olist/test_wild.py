"""Other parts of Olist than the slice: every figure is still what a plain script counts."""

import os
from random import Random

import pytest

from application.ports import Conflict
from entrypoints.olist import Progress, import_directory
from tests.olist import plain
from tests.olist.conftest import TENANT
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


class Contended:
    """A log in which somebody else writes to every third append's streams just before it."""

    def __init__(self, log, seed):
        self._log, self._random = log, Random(seed)

    def __getattr__(self, name):
        return getattr(self._log, name)

    async def append(self, append):
        if self._random.random() < 0.3:
            raise Conflict("somebody/else", 0, 0)
        return await self._log.append(append)


@pytest.mark.parametrize("seed", SEEDS[::2])
async def test_facts_that_must_be_decided_again_are_not_overtaken(souk, tmp_path, seed):
    directory = Wild(seed).write(tmp_path)
    log = Contended(souk.log, seed)
    summary = await import_directory(log, directory, TENANT, Progress())
    assert summary.refused == []
    assert await souk.report() == plain.report(directory)
