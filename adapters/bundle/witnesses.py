"""Roots held against the events: those of the bundle, and those that the auditor kept."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from adapters.bundle.faults import Fault, Faults
from adapters.bundle.manifest import ROOTS
from adapters.roots.keys import Public
from adapters.roots.statement import Root
from adapters.roots.tree import Frontier


class Witness(Struct, frozen=True):
    """A root, and where it was found."""

    root: Root
    file: str
    line: int | None = None


class Keys:
    """``trusted``: those that the auditor brought; only they count then. ``told``: the bundle's
    own, which prove no more than that one hand wrote it."""

    def __init__(self, trusted: Sequence[Public], told: Mapping[str, Public]) -> None:
        self.strict = bool(trusted)
        self._known = {key.id: key for key in trusted} if trusted else dict(told)
        self.used: set[str] = set()

    def judge(self, root: Root) -> str:
        """What is wrong with its signature, "" when nothing is."""
        if not root.key and not root.signature:
            return "not signed" if self.strict else ""
        if root.key not in self._known:
            return "signed with a key that is not known"
        if not self._known[root.key].signed(root):
            return "not what was signed"
        self.used.add(root.key)
        return ""


class Witnesses:
    """``bundled`` are read as they are needed, ``kept`` are in the order of their sizes."""

    def __init__(
        self,
        tenant: str,
        bundled: Iterator[Witness],
        kept: Sequence[Witness],
        keys: Keys,
        faults: Faults,
    ) -> None:
        self._tenant, self._keys, self._faults = tenant, keys, faults
        self._queues = [Queue(bundled), Queue(iter(kept))]
        self._before, self._good = "", 0
        self.roots = self.signed = self.kept = self.covered = self.proven = 0

    def follow(self, tree: Frontier, position: int, hash: bytes) -> None:
        """The tree with this event, which is its last."""
        for queue in self._queues:
            while (witness := queue.next) is not None and witness.root.size <= tree.size:
                self._hold(witness, tree, position, hash)
                queue.advance()

    def _hold(self, witness: Witness, tree: Frontier, position: int, hash: bytes) -> None:
        root = witness.root
        if root.size < tree.size:
            self._tell(witness, "size", "out of order, or there twice")
            return
        whole, good = True, self._look_at(witness)
        for field, told, computed in (
            ("position", root.position, position),
            ("chain", root.chain, hash.hex()),
            ("root", root.root, tree.root.hex()),
        ):
            if told != computed:
                whole = False
                what = f"the events come to another: altered after position {self._good}"
                self._tell(witness, field, what)
        if whole:
            self._good = self.covered = position
            if good and (witness.file != ROOTS or self._keys.strict):
                self.proven = position

    def _look_at(self, witness: Witness) -> bool:
        """Whether it is signed as it must be."""
        root = witness.root
        if root.tenant != self._tenant:
            self._tell(witness, "tenant", f"of {root.tenant!r}")
        if wrong := self._keys.judge(root):
            self._tell(witness, "signature", wrong)
        elif root.key:
            self.signed += 1
        if witness.file != ROOTS:
            self.kept += 1
            return not wrong
        self.roots += 1
        if root.before != self._before:
            self._tell(witness, "before", "does not follow on the root before it")
        self._before = root.root
        return not wrong

    def finish(self) -> None:
        """What stands behind the last event stands for events that are not there."""
        for queue in self._queues:
            while (witness := queue.next) is not None:
                self._look_at(witness)
                self._tell(witness, "size", "stands for events that are not in the bundle")
                queue.advance()

    def _tell(self, witness: Witness, field: str, what: str) -> None:
        position = witness.root.position
        self._faults.tell(Fault(witness.file, what, position, "", field, witness.line))


class Queue:
    """The ``next`` of an iterator, None at its end."""

    def __init__(self, witnesses: Iterator[Witness]) -> None:
        self._witnesses = witnesses
        self.next = next(witnesses, None)

    def advance(self) -> None:
        self.next = next(self._witnesses, None)
