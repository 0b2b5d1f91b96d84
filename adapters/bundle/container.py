"""The file that a bundle is: a zip whose comment is the SHA-256 of all bytes before it.

So no byte of it can change unseen, not even one that no reader of zips looks at. Who alters it on
purpose can make that digest anew; he is found by what is inside.
"""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

COMMENT = 64  # bytes: hexadecimal
CHUNK = 1 << 20  # bytes
LONGEST = 1 << 26  # bytes of a line
SMALL = 1 << 20  # bytes of a file that is read whole
LEVEL = 3  # of compression: the rest costs time and saves little


class Broken(Exception):
    """The file cannot be read, or not any further."""


class Tally:
    """What was read or written of a file."""

    def __init__(self) -> None:
        self._digest, self.bytes = hashlib.sha256(), 0

    def take(self, chunk: bytes) -> None:
        self._digest.update(chunk)
        self.bytes += len(chunk)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class Digested(Tally):
    """A file within the zip, written line by line, and what it came to."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file, self.lines = file, 0

    def write(self, line: bytes) -> None:
        self.take(line)
        self._file.write(line)
        self.lines += 1


class Writer:
    """Writes files one after another. Nothing of it is kept in memory."""

    def __init__(self, zip: zipfile.ZipFile) -> None:
        self._zip = zip

    @contextmanager
    def file(self, name: str) -> Iterator[Digested]:
        with self._zip.open(name, "w", force_zip64=True) as file:
            with io.BufferedWriter(file, CHUNK) as buffered:
                yield Digested(buffered)


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """The bundle is at ``path`` once it is whole, and not before."""
    draft = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as zip:
            zip.comment = b"0" * COMMENT
            yield Writer(zip)
        seal(draft)
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)


def seal(path: Path) -> None:
    """Write the digest of all that is before it."""
    digest = digest_of(path)
    with path.open("r+b") as file:
        file.seek(-COMMENT, io.SEEK_END)
        file.write(digest.encode())


def digest_of(path: Path) -> str:
    digest, left = hashlib.sha256(), max(0, path.stat().st_size - COMMENT)
    with path.open("rb") as file:
        while left and (chunk := file.read(min(CHUNK, left))):
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()


def is_sealed(path: Path) -> bool:
    """Whether its last bytes are the digest of those before."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - COMMENT))
        return file.read() == digest_of(path).encode()


class Reader:
    """Reads the files of a bundle as streams; whatever it meets, its memory is small."""

    def __init__(self, zip: zipfile.ZipFile) -> None:
        self._zip = zip
        self.names = [info.filename for info in zip.infolist()]

    def lines(
        self, name: str, tally: Tally | None = None, most: int | None = None
    ) -> Iterator[bytes]:
        """Without their line feeds; ``tally`` is told all bytes. Raises Broken, also when there are
        more than ``most`` bytes, however few they are in the zip."""
        rest, size = b"", 0
        for chunk in self._chunks(name):
            size += len(chunk)
            if most is not None and size > most:
                raise Broken("larger than such a file may be")
            if tally:
                tally.take(chunk)
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole
            if len(rest) > LONGEST:
                raise Broken("a line without an end")
        if rest:
            yield rest

    def _chunks(self, name: str) -> Iterator[bytes]:
        with unbroken(), self._zip.open(name) as file:
            while chunk := file.read(CHUNK):
                yield chunk


@contextmanager
def opened(path: Path) -> Iterator[Reader]:
    """Raises Broken when it is no zip."""
    with unbroken():
        zip = zipfile.ZipFile(path)
    with zip:
        yield Reader(zip)


@contextmanager
def unbroken() -> Iterator[None]:
    """All that can be wrong with a zip, as Broken."""
    try:
        yield
    except (
        *(zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError),
        *(NotImplementedError, RuntimeError, UnicodeError, OverflowError, MemoryError),
    ) as error:
        raise Broken(str(error) or type(error).__name__) from error
