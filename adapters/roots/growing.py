"""One tenant's tree on its way from one root to the next."""

from datetime import datetime

from adapters.roots.keys import Seal
from adapters.roots.rows import RootRow
from adapters.roots.statement import Root
from adapters.roots.tree import Frontier


class Growing:
    """``last``: the root that it grows from; None before the first."""

    def __init__(self, tenant: str, last: RootRow | None) -> None:
        self._tenant = tenant
        self._before = last.root if last else b""
        self.tree = Frontier(last.size, last.frontier) if last else Frontier()
        self.position, self._chain = (last.position, last.chain_hash) if last else (0, b"")

    def add(self, position: int, hash: bytes) -> None:
        self.tree.add(hash)
        self.position, self._chain = position, hash

    def stated(self, at: datetime, seal: Seal | None) -> RootRow:
        root = Root(
            tenant=self._tenant,
            size=self.tree.size,
            position=self.position,
            chain=self._chain.hex(),
            root=self.tree.root.hex(),
            before=self._before.hex(),
            at=at,
        )
        return RootRow.of(seal.sign(root) if seal else root, self.tree.packed)
