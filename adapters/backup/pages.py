"""The pages of the write-ahead log: where its last record begins, and whether more is there than
a replay came to.

A replay ends at what it cannot read, be it the end or damage; Postgres calls both the end.
"""

import struct
from pathlib import Path

from msgspec import Struct

from adapters.embedded.wal import NAME, segments

SEGMENT, PAGE = 16 * 1024 * 1024, 8192  # bytes
_HEADER = struct.Struct("<HHIQI")  # magic, flags, timeline, address, rest of the record before
_SHORT, _LONG = 24, 40  # bytes of a page's header; of the first of a segment
_CONTINUED, _IS_LONG = 1, 2  # flags
_LEAST, _LAST = 24, 8  # bytes of a record's header; those that tell that it was finished


class Last(Struct, frozen=True):
    """The last page in which a record begins. What is after it is nothing, or the rest of that
    one, which may be cut: whoever wrote it died there. ``rest``: of it, without the headers of
    its pages."""

    address: int
    page: bytes
    rest: bytes = b""

    def is_beyond(self, end: int) -> bool:
        """Whether records follow where a replay ended: one in a later page, or one that says that
        the one before it begins there."""
        return end < self.address or (
            end < self.address + len(self.page) and struct.pack("<Q", _start(end)) in self.page
        )

    def is_spoilt(self, end: int) -> bool:
        """Whether the record where a replay ended is there up to its last bytes, so that somebody
        finished it. A log is received in its order: of one that was cut they are zero, as all that
        is not written yet. They may be zero of a whole one, too, which is then not told."""
        data = (self.page + self.rest)[max(_start(end) - self.address, 0) :]
        size = int.from_bytes(data[:4], "little")
        return len(data) >= size > _LEAST and any(data[size - _LAST : size])


def last(log: Path, first: str) -> Last:
    """Of the timeline that Postgres follows from that segment on; page 0 if it has none."""
    timeline = int(first[:8], 16)
    while (log / f"{timeline + 1:08X}.history").exists():
        timeline += 1
    for path in reversed(segments(log)):
        if int(path.name[:8], 16) != timeline:
            continue
        begin, data = number(path.name) * SEGMENT, path.read_bytes()
        for at in reversed(range(0, len(data) - PAGE + 1, PAGE)):
            if _has_a_beginning(page := data[at : at + PAGE], begin + at):
                return Last(begin + at, page, _rest(log, path.name[:8], begin + at + PAGE))
    return Last(0, b"")


def _rest(log: Path, timeline: str, address: int) -> bytes:
    """Of a record, from the page of that address on, as far as it goes."""
    found: list[bytes] = []
    while path := next(log.glob(f"{timeline}{name_of(address // SEGMENT)}*"), None):
        data = path.read_bytes()
        for at in range(address % SEGMENT, len(data) - PAGE + 1, PAGE):
            page = data[at : at + PAGE]
            _, flags, _, said, _ = _HEADER.unpack_from(page)
            if said != address or not flags & _CONTINUED:
                return b"".join(found)
            found.append(page[_header(address) :])
            address += PAGE
        if address % SEGMENT:
            break
    return b"".join(found)


def _has_a_beginning(page: bytes, address: int) -> bool:
    """Not in one that is of another place: a file that Postgres used before."""
    _, flags, _, said, rest = _HEADER.unpack_from(page)
    header = _LONG if flags & _IS_LONG else _SHORT
    return said == address and any(page[header + (_aligned(rest) if flags & _CONTINUED else 0) :])


def end_of(log: Path, start: int) -> int:
    """Where the whole record ends that begins there; as far as ``start`` if it is not there."""
    found = [path for path in segments(log) if number(path.name) == start // SEGMENT]
    if not found:
        return start
    with found[-1].open("rb") as file:
        file.seek(start % SEGMENT)
        rest = int.from_bytes(file.read(4), "little")
    while rest > (room := PAGE - start % PAGE):
        start += room
        rest, start = rest - room, start + _header(start)
    return start + _aligned(rest)


def number(name: str) -> int:
    """Of a segment, from the first byte there ever was."""
    return int(name[8:16], 16) * 256 + int(name[16:NAME], 16)


def name_of(number: int) -> str:
    """A segment's, without its timeline."""
    return f"{number // 256:08X}{number % 256:08X}"


def grown(path: Path) -> bytes:
    """The segment that is being filled, without a gap: of what was written while it was read, the
    later part could be there and the earlier not."""
    with path.open("rb") as file:
        known, size = len(file.read().rstrip(b"\0")), file.tell()
        file.seek(0)
        return file.read(known).ljust(size, b"\0")


def _start(end: int) -> int:
    """Of the record after the one that ended there."""
    return end + (_header(end) if end % PAGE == 0 else 0)


def _header(address: int) -> int:
    return _LONG if address % SEGMENT == 0 else _SHORT


def _aligned(size: int) -> int:
    return -(-size // 8) * 8
