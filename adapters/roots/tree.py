"""A Merkle tree that grows at its end: RFC 6962's, over the hashes of a chain, in their order.

    leaf    SHA-256(0x00, hash of the chain)
    node    SHA-256(0x01, left, right)

The left side of a node holds the largest power of two of leaves that leaves some for the right.
"""

import hashlib

HASH = 32  # bytes
_LEAF, _NODE = b"\x00", b"\x01"


class Frontier:
    """All that is needed of a tree to add to it: its whole subtrees, the largest first, at most one
    of each size. They are as many as ``size`` has bits that are set."""

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, frontier: bytes = b"") -> None:
        """As ``packed`` left it. ValueError when there can be no such tree."""
        if size < 0 or len(frontier) != size.bit_count() * HASH:
            raise ValueError(f"no tree of {size} leaves has a frontier of {len(frontier)} bytes")
        self.size = size
        self._peaks = [frontier[at : at + HASH] for at in range(0, len(frontier), HASH)]

    def add(self, hash: bytes) -> None:
        node, size, sha256 = hashlib.sha256(_LEAF + hash).digest(), self.size, hashlib.sha256
        while size & 1:
            node = sha256(_NODE + self._peaks.pop() + node).digest()
            size >>= 1
        self._peaks.append(node)
        self.size += 1

    @property
    def packed(self) -> bytes:
        return b"".join(self._peaks)

    @property
    def root(self) -> bytes:
        """Of no leaves: the hash of nothing."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        node = self._peaks[-1]
        for left in self._peaks[-2::-1]:
            node = hashlib.sha256(_NODE + left + node).digest()
        return node
