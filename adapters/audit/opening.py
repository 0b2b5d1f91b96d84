"""Personal data in the clear, for auditors; what is erased says so, and what was tampered with."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from adapters.log.keyring import Keyring, Seals, walk
from adapters.log.master import Broken
from adapters.log.origins import filled, read
from adapters.log.rows import FOREIGN, Row
from application.ports import Origin
from domain.kernel import ERASED, Personal

GONE = {"erased": True}  # in place of a text whose key was destroyed
DAMAGED = {"damaged": True}  # of one that does not open


class From(Struct, frozen=True):
    """Where a command came from. ``erased``: the rest was known, until its actor was erased."""

    channel: str
    ip: str = ""
    agent: str = ""
    erased: bool = False


class Opener:
    """The keys of those whom some rows of one tenant are about, and of who caused them."""

    def __init__(self, seals: Seals) -> None:
        self._seals = seals

    @classmethod
    async def of(cls, keyring: Keyring, tenant: str, rows: Sequence[Row]) -> "Opener":
        subjects = {row.actor for row in rows if row.origin}
        for row in rows:
            if row.schema_version != FOREIGN:
                walk(msgspec.json.decode(row.data), lambda p: subjects.add(p.subject))
        return cls(await keyring.for_opening(tenant, subjects))

    def data(self, row: Row) -> Any:
        """The event's JSON, without its tag. None: another library's bytes."""
        if row.schema_version == FOREIGN:
            return None
        tree = walk(msgspec.json.decode(row.data), self._clear)
        tree.pop("type", None)
        return tree

    def origin(self, row: Row) -> From | None:
        if row.origin is None:
            return None
        kept, personal = read(row.origin, row.tenant, row.actor)
        if personal is None:
            return From(kept.channel)
        match self._clear(personal):
            case str() as text:
                whole: Origin = filled(kept.channel, text)
                return From(whole.channel, whole.ip, whole.agent)
            case found:
                return From(kept.channel, erased=found is GONE)

    def _clear(self, personal: Personal) -> Any:
        try:
            text = self._seals.text(personal)
        except Broken:
            return DAMAGED
        return GONE if text is None else text


async def opened(keyring: Keyring, tenant: str, sealed: Iterable[Personal]) -> None:
    """Open them in place, for folds; what does not open counts as erased there."""
    waiting = list(sealed)
    seals = await keyring.for_opening(tenant, (p.subject for p in waiting)) if waiting else None
    for personal in waiting:
        try:
            if seals is not None:
                seals.open(personal)
        except Broken:
            personal.text, personal.box = "", ERASED
