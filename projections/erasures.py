"""Erasures: one row for each person who was erased."""

from datetime import datetime

from domain.erasures import SubjectErased
from domain.kernel import Recorded
from projections.kernel import Column, Document, Found, Page, Reader, Table, one, own, page

VERSION = 1


class Erasure(Document):
    """``id``: whose; ``reason``: a code."""

    id: str
    version: int
    reason: str
    erased_at: datetime


def evolve(erasure: Erasure | None, recorded: Recorded, id: str) -> Erasure | None:
    return Erasure(id, recorded.version, recorded.event.reason, recorded.occurred_at)


SUBJECTS = Table(
    name="erasures_subjects",
    document=Erasure,
    on={SubjectErased: own},
    evolve=evolve,
    columns={"erased_at": Column("timestamptz", lambda e: e.erased_at)},
    indexes=("erased_at",),
)
TABLES = (SUBJECTS,)


async def erasure(db: Reader, subject: str) -> Found | None:
    return await one(db, SUBJECTS.name, subject)


async def erasures(db: Reader, number: int, limit: int) -> Page:
    """Newest first."""
    return await page(db, SUBJECTS.name, "", (), "erased_at DESC, id", number, limit)
