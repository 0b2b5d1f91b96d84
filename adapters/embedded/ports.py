"""Free ports of the loopback interface."""

import asyncio
import socket
import sys
from collections import deque
from contextlib import suppress
from itertools import islice
from pathlib import Path
from random import randrange

LOOPBACK = "127.0.0.1"
FIRST, LAST = 20_000, 32_000
KEPT = 64  # ports that stay reserved, the last that were given
given: set[int] = set()
kept: set[int] = set()  # those of them that a server may have again
reserved: deque[socket.socket] = deque()


def free_ports(count: int) -> list[int]:
    """Free now, and never given to two in this process, nor soon to another of this machine's that
    asks here: servers take theirs at different times. Others may take one before its server does,
    so starts are retried. Raises OSError when there are no more.

    Below the range that systems give to outgoing connections, which would be those others.
    """
    if len(given) > (LAST - FIRST) // 2:
        given.clear()
    first = randrange(FIRST, LAST)  # noqa: S311 - any will do
    asked = (*range(first, LAST), *range(FIRST, first))
    free = (port for port in asked if port not in given and is_free(port) and _reserve(port))
    found = list(islice(free, count))
    if len(found) < count:
        raise OSError(f"no free port from {FIRST} to {LAST}")
    given.update(found)
    return found


def _reserve(port: int) -> bool:
    """By a name that goes with the process, where there are such names."""
    if sys.platform != "linux":
        return True
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0souk-port-{port}")
    except OSError:
        mark.close()
        return False
    reserved.append(mark)
    while len(reserved) > KEPT:
        reserved.popleft().close()
    return True


def take_ports(*ports: int) -> None:
    """Those that somebody chose: they are given to nobody else."""
    for port in ports:
        given.add(port)
        _reserve(port)


def kept_ports(file: Path, count: int) -> list[int]:
    """The ports of last time while they are free, for a server that knows itself by its port; like
    others, they are given to nobody else meanwhile."""
    with suppress(OSError, ValueError):
        ports = [int(word) for word in file.read_text().split()]
        if len(ports) == count and all(_is_still(port) for port in ports):
            given.update(ports)
            kept.update(ports)
            return ports
    ports = free_ports(count)
    kept.update(ports)
    file.write_text(" ".join(map(str, ports)))
    return ports


def _is_still(port: int) -> bool:
    return is_free(port) and (port in kept or (port not in given and _reserve(port)))


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


async def answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    return True
