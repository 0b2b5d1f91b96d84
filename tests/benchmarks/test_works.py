"""Every work runs, for a blink: both sides, but peers that would have to be installed first."""

import pytest

from adapters.embedded.stack import Urls
from benchmarks.__main__ import template
from benchmarks.ground import Ground
from benchmarks.sides import run
from benchmarks.works import WORKS

SIDES = [
    (work, part)
    for work in WORKS
    if not work.name.endswith("-256")  # the same as with 32 in flight
    for part in ("souk", "peer")
    if part == "souk" or (work.peer and not work.install)
]


@pytest.fixture(scope="module")
def servers(stack, tmp_path_factory):
    urls = Urls(stack.postgres_url, stack.valkey_url, stack.nats_url)
    return Ground(urls, tmp_path_factory.mktemp("bench"), seconds=0.1, scale=0.001)


@pytest.mark.parametrize(("work", "part"), SIDES, ids=lambda x: getattr(x, "name", x))
async def test_a_side_reports_what_its_rows_show(servers, work, part):
    async with servers.copy(await template(servers, work, part)) as site:
        figures = await run(work, part, site)
    assert set(work.figures) <= set(figures)
