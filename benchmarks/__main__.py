"""`make bench`, or python -m benchmarks [WORD...]: measure, print the table, keep it as JSON."""

import asyncio
import signal
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

import click

from benchmarks import spying, tools
from benchmarks.figures import HEAD, Row, line, load, markdown, row, save
from benchmarks.ground import Ground, ground
from benchmarks.sides import Failed, run
from benchmarks.work import Absent, Figures, Site, Work
from benchmarks.works import WORKS
from entrypoints import logs

LATEST = Path(__file__).parent / "results" / "latest.json"


@click.command()
@click.argument("words", nargs=-1)
@click.option("--seconds", default=3.0, show_default=True, help="Measured in each run.")
@click.option("--runs", default=5, show_default=True, help="Of each side, in turn.")
@click.option("--souk-only", is_flag=True, help="Without the peers; nothing is kept.")
@click.option("--profile", is_flag=True, help="One run of Souk's side, every call counted.")
@click.option("--spy", is_flag=True, help="One run of it, all its processes sampled by py-spy.")
@click.option("--list", "listing", is_flag=True, help="Only name the works.")
@click.option("--markdown", "page", is_flag=True, help="Only show latest.json as a table.")
def main(
    words: tuple[str, ...],
    seconds: float,
    runs: int,
    souk_only: bool,
    profile: bool,
    spy: bool,
    listing: bool,
    page: bool,
) -> None:
    """Measure the works whose name contains one of WORDS; all of them when there is none."""
    wanted = [work for work in WORKS if not words or any(word in work.name for word in words)]
    if listing:
        click.echo("\n".join(work.name for work in wanted))
        return
    logs.configure("warning")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if page:
        click.echo(markdown(load(LATEST)))
        return
    looking = profile or spy
    bench = Bench(1 if looking else runs, not (souk_only or looking), profile, spy)
    rows = asyncio.run(bench.all(wanted, seconds))
    if bench.peers:
        save(rows, LATEST)


class Bench:
    """``runs``: of each side. ``peers``: measure them too."""

    def __init__(self, runs: int, peers: bool, profile: bool, spy: bool) -> None:
        self._runs, self.peers, self._profile, self._spy = runs, peers, profile, spy

    async def all(self, works: Sequence[Work], seconds: float) -> list[Row]:
        rows: list[Row] = []
        async with ground(seconds) as servers:
            click.echo(HEAD)
            for work in works:
                try:
                    rows += await self._one(servers, work)
                except Absent as why:
                    click.echo(f"{work.name}: not measured: {why}")
                except Failed as failure:
                    rows += failed(work, failure)
        return rows

    async def _one(self, servers: Ground, work: Work) -> list[Row]:
        if work.ready:
            work.ready()
        began = monotonic()
        parts = ["souk"]
        if work.peer and self.peers:
            try:
                await self._install(servers, work)
                parts.append("peer")
            except Absent as why:
                click.echo(f"{work.name}: without {work.peer_name}: {why}")
        templates = {part: await template(servers, work, part) for part in parts}
        found: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        for _ in range(self._runs):
            for part in parts:
                async with servers.copy(templates[part]) as site:
                    for key, value in (await self._run(work, part, site)).items():
                        found[part, key].append(value)
        rows = []
        for key, figure in work.figures.items():
            ours = found["souk", key]
            rows.append(row(figure, ours, found["peer", key], work.peer_name))
            middle = rows[-1].souk
            click.echo(line(rows[-1], (max(ours) - min(ours)) / middle if middle else None))
        click.echo(f"  {work.name}: {monotonic() - began:.0f} s", err=True)
        return rows

    async def _install(self, servers: Ground, work: Work) -> None:
        if work.install:
            await asyncio.to_thread(work.install, servers.site)

    async def _run(self, work: Work, part: str, site: Site) -> Figures:
        LATEST.parent.mkdir(exist_ok=True)
        if self._spy:
            target = LATEST.with_name(f"{work.name}.stacks")
            spy = spying.command(await asyncio.to_thread(tools.python, site), target)
            figures = await run(work, part, site, spy=spy)
            click.echo(spying.report(target.read_text().splitlines()))
            return figures
        target = LATEST.with_name(f"{work.name}.prof")
        return await run(work, part, site, target if self._profile else None)


def failed(work: Work, failure: Failed) -> list[Row]:
    """Rows without figures; what was said goes to a file beside latest.json."""
    said = LATEST.with_name(f"{work.name}.log")
    said.parent.mkdir(exist_ok=True)
    said.write_text(str(failure))
    last = str(failure).strip().rpartition("\n")[2]
    click.echo(f"{work.name}: FAILED: {last[:120]} ({said.name})")
    return [row(figure, [], [], work.peer_name) for figure in work.figures.values()]


async def template(servers: Ground, work: Work, part: str) -> str:
    """The database that each run of a side gets a copy of."""
    empty = await servers.migrated() if part == "souk" or work.peer_is_souk else "template1"
    before = getattr(work, f"{part}_before")
    if before is None:
        return empty

    async def fill(site: Site) -> None:
        await run(work, f"{part}_before", site)

    return await servers.template(before, fill, empty)


if __name__ == "__main__":
    main()
