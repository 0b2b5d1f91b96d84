"""Who is erased, for those who fold: the log keeps their sealed bytes for ever, rows do not."""

from collections.abc import Mapping
from typing import Any

import msgspec

from adapters.log.codec import dec_hook
from adapters.postgres.pools import Connection
from domain.kernel import ERASED, Personal

SHAPE = {"subject", "sealed", "stream", "tag"}
Whom = frozenset[tuple[str, str]]  # tenant, subject


async def erased(db: Connection) -> Whom:
    """Everyone whose key is destroyed."""
    cursor = await db.execute(
        "SELECT tenant, subject FROM keys.subjects WHERE destroyed_at IS NOT NULL"
    )
    return frozenset((tenant, subject) for tenant, subject in await cursor.fetchall())


class Hook:
    """``dec_hook`` that leaves personal data sealed, and nothing of who is erased: neither their
    sealed words nor the hash that they were found by."""

    def __init__(self) -> None:
        self.whom: Whom = frozenset()

    def __call__(self, kind: type, value: Any) -> Personal:
        personal = dec_hook(kind, value)
        if self.whom and (personal.stream.partition("/")[0], personal.subject) in self.whom:
            personal.box, personal.lookup = ERASED, ""
        return personal


class Scrubbed:
    """JSON without what is about one person; ``data`` is None when there was nothing.

    ``lookups``: the hashes that went with it. Byte for byte what a fold makes of the same events.
    """

    def __init__(self, data: bytes, subject: str) -> None:
        self.lookups: list[str] = []
        self._subject, self._found = subject, False
        tree = self._walk(msgspec.json.decode(data))
        self.data = msgspec.json.encode(tree) if self._found else None

    def _walk(self, tree: Any) -> Any:
        if isinstance(tree, list):
            return [self._walk(each) for each in tree]
        if not isinstance(tree, dict):
            return tree
        if tree.keys() - {"lookup"} == SHAPE and tree["subject"] == self._subject:
            return self._erase(tree)
        return {name: self._walk(each) for name, each in tree.items()}

    def _erase(self, box: Mapping[str, str]) -> dict[str, str]:
        if box["sealed"] == ERASED and "lookup" not in box:
            return dict(box)
        self._found = True
        if lookup := box.get("lookup"):
            self.lookups.append(lookup)
        return {name: each for name, each in box.items() if name != "lookup"} | {"sealed": ERASED}


def needle(subject: str) -> bytes:
    """What stands in every JSON text that holds something of theirs."""
    return b'"subject":' + msgspec.json.encode(subject)
