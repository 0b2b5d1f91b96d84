"""The boxes that an mp4 or mov is made of, by the sizes that they tell."""

import os

HEADER, LONG = 8, 16  # bytes: size and kind; with a size of 64 bits
MOST = 1000  # boxes that are looked at


def are_cut_off(source: int) -> bool:
    """The file at a descriptor ends within a box, or before the one that says what there is."""
    size, at, kinds = os.fstat(source).st_size, 0, set[bytes]()
    for _ in range(MOST):
        if at == size:
            return b"moov" not in kinds
        head = os.pread(source, LONG, at)
        told = int.from_bytes(head[:4], "big")
        if at + (LONG if told == 1 else HEADER) > size:
            return True
        kind, length = head[4:HEADER], _length(head, told, size - at)
        if length < HEADER or not (kind.isascii() and kind.decode().isprintable()):
            return False  # no box: it is damaged before its end
        if at + length > size:
            return True
        kinds.add(kind)
        at += length
    return False


def _length(head: bytes, told: int, left: int) -> int:
    """0 says: to the end; 1: it does not fit, and comes after the kind."""
    return {0: left, 1: int.from_bytes(head[HEADER:], "big")}.get(told, told)
