"""Jobs that misbehave: what a picture's decoder could be made to do by a picture."""

import ctypes
import mmap
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

from adapters.media.report import SPOOL, Made, Order, Refusal

HELD: list[object] = []


def settle() -> None:
    pass


def made(order: Order) -> Made | Refusal:
    """What it tried, named as the format, and how that ended."""
    return Refusal(order.format, TRICKS[order.format]())


def _tried(what: Callable[[], object]) -> str:
    try:
        return f"done: {what()!r}"
    except OSError as error:
        return f"denied: {error.errno}"
    except MemoryError:
        return "denied: memory"


def allocate() -> str:
    while True:
        HELD.append(bytearray(b"x" * 16 * 1024**2))


def share() -> object:
    for _ in range(200):
        HELD.append(mapped := mmap.mmap(-1, 16 * 1024**2))
        mapped[:: mmap.PAGESIZE] = b"x" * (len(mapped) // mmap.PAGESIZE)
    return "3 GB"


def loop() -> str:
    while True:
        pass


def deaf() -> str:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    return loop()


def sleep() -> str:
    time.sleep(3600)
    return "slept"


def crash() -> str:
    ctypes.string_at(0)
    return "read"


def fill() -> object:
    for number in range(1 << 20):
        os.pwrite(SPOOL, bytes(1024**2), number << 20)
    return "a terabyte"


def descriptors() -> str:
    found = []
    for number in range(256):
        try:
            os.lseek(number, 0, os.SEEK_CUR)
        except OSError as error:
            if error.errno == 9:
                continue
        found.append(number)
    return repr(found)


def many_threads() -> str:
    thread = threading.Thread(target=lambda: HELD.append("ran"))
    thread.start()
    thread.join()
    return repr(HELD)


def leave() -> str:
    HELD.append("left behind")
    return f"{len(HELD)}"


TRICKS: dict[str, Callable[[], str]] = {
    "allocate": lambda: _tried(allocate),
    "share": lambda: _tried(share),
    "loop": loop,
    "deaf": deaf,
    "sleep": sleep,
    "crash": crash,
    "fill": lambda: _tried(fill),
    "descriptors": descriptors,
    "thread": many_threads,
    "leave": leave,
    "environment": lambda: repr(dict(os.environ)),
    "png": lambda: repr(signal.raise_signal(signal.SIGKILL)),  # as the kernel's, for want of memory
    "gif": crash,
    "webp": lambda: os.abort(),
    "fork": lambda: _tried(os.fork),
    "exec": lambda: _tried(lambda: os.execv("/bin/sh", ["sh", "-c", "true"])),
    "socket": lambda: _tried(lambda: socket.socket(socket.AF_INET)),
    "unix": lambda: _tried(lambda: socket.socketpair()),
    "open": lambda: _tried(lambda: Path("/etc/passwd").read_text()),
    "write": lambda: _tried(lambda: Path("/tmp/souk-was-here").write_text("x")),
    "list": lambda: _tried(lambda: os.listdir("/")),
    "parent": lambda: _tried(lambda: Path(f"/proc/{os.getppid()}/environ").read_bytes()),
    "kill": lambda: _tried(lambda: os.kill(os.getppid(), signal.SIGKILL)),
    "session": lambda: _tried(os.setsid),
}
