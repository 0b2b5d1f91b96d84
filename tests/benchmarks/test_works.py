"""Every work runs, for a blink: both sides, but peers that would have to be installed first."""

import pytest

from adapters.embedded.urls import Urls
from benchmarks import __main__ as bench
from benchmarks import sides
from benchmarks.ground import Ground
from benchmarks.works import WORKS, olist
from tests.benchmarks.forked import run
from tests.olist.invented import Shop

# The same code with other numbers, or on another route.
AGAIN = ("-256", "-10000", "-2000", "-paced", "-2", "-products-1", "-receive-1", "-members",
         "-9999", "-order-1", "-feed-1", "-place-1", "create-32", "cold", "-102", "-idle",
         "chain")  # fmt: skip
SIDES = [
    (work, part)
    for work in WORKS
    if not work.name.endswith(AGAIN)
    for part in ("souk", "peer")
    if part == "souk" or (work.peer and not work.install)
]


@pytest.fixture(scope="module")
def servers(stack, tmp_path_factory):
    urls = Urls(stack.postgres_url, stack.valkey_url, stack.nats_url)
    history = tmp_path_factory.mktemp("olist")
    Shop().order("o1", [("p1", "s1", "10.00", "1.00")]).write(history)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(olist.VARIABLE, str(history))
        environment.setattr(bench, "run", run)
        yield Ground(urls, tmp_path_factory.mktemp("bench"), seconds=0.1, scale=0.001)


@pytest.mark.parametrize(("work", "part"), SIDES, ids=lambda x: getattr(x, "name", x))
async def test_a_side_reports_what_its_rows_show(servers, work, part):
    async with servers.copy(await bench.template(servers, work, part)) as site:
        figures = await run(work, part, site)
    wanted = {key for key, figure in work.figures.items() if part == "souk" or figure.reach}
    assert wanted <= set(figures)


async def test_a_side_has_a_process_of_its_own_and_says_what_it_died_of(servers):
    work = next(each for each in WORKS if each.name == "open-32")
    async with servers.copy(await servers.migrated()) as site:
        assert await sides.run(work, "souk", site)
        with pytest.raises(sides.Failed, match="AttributeError"):
            await sides.run(work, "souk_elsewhere", site)
