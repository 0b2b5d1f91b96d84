"""A data directory: who holds it, its secrets and its logs."""

import fcntl
import os
import secrets
import shutil
from pathlib import Path

LOG_BOUND = 10_000_000  # bytes of each log; one older file of the same size is kept
MARK = "SOUK_INSTANCE"  # in the environment of every process that belongs to the directory


HALF = "restoring"  # the mark of a directory whose restore has not come to its end


class Held(Exception):
    """Another process runs on this data directory."""


class Half(Exception):
    """A restore into the data directory was ended half-way."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is half restored: remove it, and restore again")


class Unwritable(Exception):
    """The data directory cannot be made or written."""


class Home:
    """``path``: made if need be. Nothing is written before ``hold``."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: int | None = None

    def hold(self) -> None:
        """Be the only one on this directory until ``free`` or death. Raises Held, Unwritable."""
        try:
            lock = self._prepare()
        except OSError as error:
            raise Unwritable(f"{self.path} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise Held(f"{self.path} is in use by another souk") from error
        self._lock = lock

    def _prepare(self) -> int:
        self.path.mkdir(parents=True, exist_ok=True)
        for name in ("run", "logs", "secrets"):
            self.folder(name).chmod(0o700)
        return os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)

    def free(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def folder(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(exist_ok=True)
        return folder

    def log(self, name: str) -> Path:
        return self.folder("logs") / f"{name}.log"

    def secret(self, name: str) -> str:
        """A random password, made once."""
        return self.kept(name, secrets.token_hex(24).encode()).decode()

    def kept(self, name: str, fresh: bytes) -> bytes:
        """The secret of that name; ``fresh`` is it from now on if there was none."""
        path = self.folder("secrets") / name
        if not path.exists():
            write_private(path, fresh)
        return path.read_bytes()


def write_private(path: Path, content: bytes) -> None:
    """Whole or not at all, readable by its owner alone."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def bound(log: Path) -> None:
    """Keep a log small while its writer appends to it."""
    if log.exists() and log.stat().st_size > LOG_BOUND:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)
