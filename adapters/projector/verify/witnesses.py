"""Roots while the log is read: each is what the events up to it come to, and signed by whom it
says; and S3, which keeps them too, has the same."""

import hashlib
from collections.abc import Mapping, Sequence

from adapters.log.rows import Row
from adapters.media.objects import Objects
from adapters.postgres.pools import Connection
from adapters.projector.verify.difference import CHANGED, EXTRA, MISSING, Difference, Found
from adapters.roots import rows as roots
from adapters.roots.keys import Public
from adapters.roots.outlets import FOLDER, Shelf, key_of
from adapters.roots.rows import RootRow
from adapters.roots.tree import Frontier

TABLE = "log.roots"
AT_ONCE = 1_000  # roots


class Witnesses:
    """``follow`` every row in order, then ``finish``."""

    def __init__(self, db: Connection, found: Found) -> None:
        self._db, self._found = db, found
        self._trees: dict[str, Frontier] = {}
        self._before: dict[str, bytes] = {}
        self._keys: Mapping[str, Public] | None = None
        self._position = self.number = 0

    async def follow(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        after, self._position = self._position, rows[-1].position
        told = {r.position: r for r in await roots.between(self._db, after, self._position)}
        if self._keys is None:
            self._keys = await roots.keys(self._db)
        for row in rows:
            tree = self._trees.setdefault(row.tenant, Frontier())
            tree.add(row.hash)
            root = told.get(row.position)
            if root is not None and root.tenant == row.tenant:
                self._hold(told.pop(row.position), row, tree)
        for root in told.values():
            self._tell(root, "stands for no event of its tenant")

    def _hold(self, root: RootRow, row: Row, tree: Frontier) -> None:
        self.number += 1
        expected = {
            "size": tree.size,
            "chain_hash": row.hash,
            "root": tree.root,
            "frontier": tree.packed,
            "before": self._before.get(root.tenant, b""),
        }
        self._before[root.tenant] = root.root
        fields = [name for name, value in expected.items() if getattr(root, name) != value]
        if root.key_id or root.signature:
            key = (self._keys or {}).get(root.key_id)
            fields += ["key_id"] if key is None else []
            fields += ["signature"] if key is not None and not key.signed(root.told) else []
        if fields:
            self._tell(root, CHANGED, tuple(fields))

    async def finish(self) -> None:
        for root in await roots.between(self._db, self._position, 2**63 - 1, AT_ONCE):
            self._tell(root, "stands for no event of its tenant")

    async def shelved(self, objects: Objects, now: Connection) -> int:
        """How many roots S3 has just as they are here. ``now`` sees what is published meanwhile.
        Raises Unavailable."""
        mark, after, number = await roots.mark(self._db, Shelf.name), 0, 0
        left = await objects.etags(f"{FOLDER}/")
        while window := await roots.between(self._db, after, mark, AT_ONCE):
            for root in window:
                key, file = key_of(root.tenant, root.size), root.told.file
                etag = left.pop(key, None)
                if etag is None:
                    self._shelf(root.tenant, key, MISSING)
                elif etag == hashlib.md5(file).hexdigest() or file == await _read(objects, key):  # noqa: S324
                    number += 1
                else:
                    self._shelf(root.tenant, key, CHANGED)
            after = window[-1].position
        for key in sorted(left.keys() - await _newer(now, mark)):
            self._shelf(key.split("/")[1], key, EXTRA)
        return number

    def _shelf(self, tenant: str, key: str, what: str) -> None:
        self._found(Difference("s3", tenant, key, what))

    def _tell(self, root: RootRow, what: str, fields: tuple[str, ...] = ()) -> None:
        self._found(Difference(TABLE, root.tenant, str(root.size), what, fields))


async def _newer(now: Connection, after: int) -> set[str]:
    """The keys of all roots that were made since."""
    keys: set[str] = set()
    while window := await roots.between(now, after, 2**63 - 1, AT_ONCE):
        keys |= {key_of(root.tenant, root.size) for root in window}
        after = window[-1].position
    return keys


async def _read(objects: Objects, key: str) -> bytes:
    return b"".join([chunk async for chunk in objects.read(key)])
