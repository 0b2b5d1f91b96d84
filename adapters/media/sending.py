"""Connections to an S3 server: slow is not away."""

from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

CONNECT, ANSWER = 2.0, 20.0  # seconds
PIECE = 256 * 1024  # bytes


class Sending(HTTPConnection):
    """Each piece of a body has the time of an answer. The library gives a whole body, however
    large it is, that of making a connection."""

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self.sock.settimeout(ANSWER)
        if not isinstance(data, bytes):
            super().send(data)
            return
        view = memoryview(data)
        for start in range(0, len(view), PIECE):
            super().send(view[start : start + PIECE])


class SecureSending(Sending, HTTPSConnection):
    pass


class Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = Sending


class SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = SecureSending


def pools(most: int) -> urllib3.PoolManager:
    """That try once: who calls knows whether to wait. ``most``: connections."""
    made = urllib3.PoolManager(
        maxsize=most,
        timeout=urllib3.Timeout(connect=CONNECT, read=ANSWER),
        retries=urllib3.Retry(0, redirect=0),
    )
    made.pool_classes_by_scheme = {"http": Pool, "https": SecurePool}
    return made
