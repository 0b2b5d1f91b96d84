"""Where a job puts what it makes: one file without a name, part after part."""

import io
import os
from typing import Any

from adapters.media.report import Part


class Spool:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._end = 0
        self._parts: list[Part] = []

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(self._parts)

    def put(self, name: str, format: str, width: int, height: int, content: bytes) -> None:
        view = memoryview(content)
        while view:
            view = view[os.pwrite(self._descriptor, view, self._end + len(content) - len(view)) :]
        self._keep(name, format, width, height, len(content))

    def open(self) -> "Stretch":
        """A file at the end of the spool: one at a time, until ``close``."""
        return Stretch(self._descriptor, self._end)

    def close(self, name: str, format: str, width: int, height: int) -> None:
        """What was written at the end is a part."""
        self._keep(name, format, width, height, os.fstat(self._descriptor).st_size - self._end)

    def _keep(self, name: str, format: str, width: int, height: int, size: int) -> None:
        self._parts.append(Part(name, format, width, height, self._end, size))
        self._end += size


class Stretch(io.RawIOBase):
    """From an offset to the end of a file, with a position of its own."""

    def __init__(self, descriptor: int, start: int) -> None:
        self._descriptor = descriptor
        self._start = start
        self._at = 0

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        size = os.fstat(self._descriptor).st_size - self._start
        self._at = offset + (0, self._at, size)[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        most = size if size >= 0 else os.fstat(self._descriptor).st_size
        data = os.pread(self._descriptor, most, self._start + self._at)
        self._at += len(data)
        return data

    def write(self, data: Any) -> int:
        written = os.pwrite(self._descriptor, data, self._start + self._at)
        self._at += written
        return written
