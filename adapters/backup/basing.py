"""Postgres whole, as one stream into a bucket: nothing of it is kept on this machine's disk."""

import asyncio
import os
import subprocess
import tempfile
from typing import IO, BinaryIO, cast

from psycopg import AsyncConnection

from adapters.backup.archive import Archive
from adapters.backup.source import Failed, password
from adapters.backup.taking import START
from adapters.embedded.postgres import program

PART = 32 * 1024 * 1024  # bytes in memory at once; a bucket takes 10,000 of them
LABEL = 1024 * 1024  # bytes at the beginning, among which is the label
# While the connection lasts, so that the log which the stream ends with is still there.
_SLOT = "SELECT pg_create_physical_replication_slot(%s, true, true)"


async def send(url: str, archive: Archive, name: str) -> str:
    """The first segment of the write-ahead log that it wants. Raises Failed, Unavailable."""
    async with await AsyncConnection.connect(url, autocommit=True) as db:
        await db.execute(_SLOT, (f"souk_base_{os.getpid()}",))
        with tempfile.TemporaryFile() as said:
            stream = await asyncio.to_thread(_Stream, url, said)
            try:
                await archive.objects.put_stream(archive.key(name), cast(BinaryIO, stream), PART)
            finally:
                stream.close()
    found = START.search(stream.start)
    if found is None:
        raise Failed("pg_basebackup left no label")
    return found[1].decode()


class _Stream:
    """What pg_basebackup writes, with its log at the end. ``start``: the first bytes."""

    def __init__(self, url: str, said: IO[bytes]) -> None:
        options, environment = password(url)
        options += ["-D", "-", "-F", "tar", "-X", "fetch", "-c", "fast"]
        self.start, self._said = b"", said
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [program("pg_basebackup"), *options, "--manifest-checksums=SHA256"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**os.environ, **environment},
        )

    def read(self, size: int) -> bytes:
        """Raises Failed at an end that is none."""
        assert self._process.stdout is not None
        data = self._process.stdout.read(size)
        self.start += data[: LABEL - len(self.start)]
        if not data and self._process.wait():
            self._said.seek(0)
            raise Failed(f"pg_basebackup: {self._said.read().decode(errors='replace').strip()}")
        return data

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
