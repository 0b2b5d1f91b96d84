"""Every work that is measured, in the table's order."""

from benchmarks.work import Work
from benchmarks.works import catchup, commands, loading

WORKS: tuple[Work, ...] = (*commands.WORKS, *loading.WORKS, *catchup.WORKS)
