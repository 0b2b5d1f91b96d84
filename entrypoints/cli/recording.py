"""Readings of the history by the command line are recorded, too."""

import getpass
from collections.abc import Mapping
from contextlib import suppress
from uuid import uuid4

from adapters.audit.history import History
from adapters.log.log import PostgresLog
from application.audit import Audit
from application.commands import Commands
from application.ports import Call, Origin
from domain.audit import LONGEST_PURPOSE
from entrypoints.cli.failures import Nothing, Refusal


def check(purpose: str | None) -> None:
    """Raises Refusal."""
    if purpose and len(purpose) > LONGEST_PURPOSE:
        raise Refusal(f"A purpose has at most {LONGEST_PURPOSE} characters.")


async def record(
    log: PostgresLog,
    history: History,
    tenant: str,
    what: str,
    asked: Mapping[str, object],
    purpose: str | None,
) -> None:
    """Before it is answered. Raises Nothing for a tenant without a history."""
    if not await history.has(tenant):
        raise Nothing(tenant)
    await write(log, tenant, what, asked, purpose)


async def write(
    log: PostgresLog,
    tenant: str,
    what: str,
    asked: Mapping[str, object],
    purpose: str | None = None,
) -> None:
    """Of a tenant that has a history."""
    id = uuid4()
    call = Call(tenant, f"cli:{_user()}", id, id, origin=Origin("cli"))
    await Audit(Commands(log)).record(call, what, asked, purpose)


def _user() -> str:
    with suppress(OSError, KeyError):
        return getpass.getuser()
    return "unknown"
