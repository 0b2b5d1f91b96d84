"""Olist: a real marketplace's published history, run through Souk."""

from pathlib import Path

from msgspec import Struct

from adapters.log.log import LONG, PostgresLog
from entrypoints.olist.facts import Fact, Sale, facts
from entrypoints.olist.importing import Importer, Journal
from entrypoints.olist.records import read
from entrypoints.olist.tables import Problem, Unreadable
from entrypoints.settings import Settings

__all__ = ["Problem", "Progress", "Summary", "Unreadable", "import_directory", "import_olist"]


class Summary(Struct):
    """What an import came to.

    ``problems``: rows left out, or taken with something missing. ``refused``: facts that a rule
    said no to, and why."""

    orders: int
    without_items: int
    checkouts: int
    facts_done: int
    facts_already: int
    problems: list[Problem]
    refused: list[str]

    @property
    def damaged(self) -> int:
        return sum(problem.skipped for problem in self.problems)


class Progress:
    """Hears how the import goes; what a terminal shows derives from it."""

    def problem(self, problem: Problem) -> None: ...

    def start(self, total: int) -> None: ...

    def advance(self, facts: int) -> None: ...


async def import_olist(
    settings: Settings, directory: Path, tenant: str, progress: Progress | None = None
) -> Summary:
    """Import a directory. May be stopped and run again. Raises Unreadable, Unavailable."""
    url, master = settings.postgres_url, settings.master_key
    async with PostgresLog(url, master, patience=LONG) as log:
        return await import_directory(log, directory, tenant, progress or Progress())


async def import_directory(
    log: Journal, directory: Path, tenant: str, progress: Progress
) -> Summary:
    """``import_olist`` into a log that is open."""
    problems: list[Problem] = []

    def report(problem: Problem) -> None:
        problems.append(problem)
        progress.problem(problem)

    records = read(directory, report)
    history: list[Fact] = facts(records)
    progress.start(len(history))
    tally = await Importer(log, tenant, progress.advance).run(history)
    sales = sum(isinstance(fact, Sale) for fact in history)
    return Summary(
        orders=len(records.orders),
        without_items=len(records.orders) - sales,
        checkouts=sales,
        facts_done=tally.done,
        facts_already=tally.already,
        problems=problems,
        refused=tally.refused,
    )
