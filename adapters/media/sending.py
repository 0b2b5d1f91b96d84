"""Connections to an S3 server: slow is not away."""

from threading import Event
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Retry, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection

CONNECT, ANSWER = 2.0, 20.0  # seconds
PIECE = 256 * 1024  # bytes


class Sending(HTTPConnection):
    """Each piece of a body has the time of an answer. The library gives a whole body, however
    large it is, that of making a connection. Nothing more is sent once it is ``over``."""

    over: Event

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self.sock.settimeout(ANSWER)
        if not isinstance(data, bytes):
            super().send(data)
            return
        view = memoryview(data)
        for start in range(0, len(view), PIECE):
            if self.over.is_set():
                raise OSError("whoever sends this is going")
            super().send(view[start : start + PIECE])


class SecureSending(Sending, HTTPSConnection):
    pass


def pools(most: int, ended: Event) -> PoolManager:
    """That try once: who calls knows whether to wait. ``most``: connections."""

    class Plain(Sending):
        over = ended

    class Secure(SecureSending):
        over = ended

    class Pool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    made = PoolManager(
        maxsize=most,
        timeout=Timeout(connect=CONNECT, read=ANSWER),
        retries=Retry(0, redirect=0),
    )
    made.pool_classes_by_scheme = {"http": Pool, "https": SecurePool}
    return made
