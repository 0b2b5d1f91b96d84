"""Connections to an S3 server: slow is not away."""

from threading import Event
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Retry, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection

CONNECT, ANSWER = 2.0, 20.0  # seconds
AGAIN = 6  # times that work of hours asks once more, for about a minute in all
PAUSE = 1.0  # seconds, doubled from one time to the next
BUSY = (500, 502, 503, 504)  # that another time may end
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


class Trying(Retry):
    """Nothing is tried again, nor waited for, once it is ``over``."""

    over: Event

    def is_exhausted(self) -> bool:
        return self.over.is_set() or super().is_exhausted()

    def sleep(self, response: object = None) -> None:
        self.over.wait(self.get_backoff_time())


def pools(most: int, ended: Event, again: int = 0) -> PoolManager:
    """That try once: who calls knows whether to wait. ``most``: connections; ``again``: times
    that a request is sent once more, where nobody does: every body is bytes."""

    class Plain(Sending):
        over = ended

    class Secure(SecureSending):
        over = ended

    class Pool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    class Tries(Trying):
        over = ended

    made = PoolManager(
        maxsize=most,
        timeout=Timeout(connect=CONNECT, read=ANSWER),
        retries=Tries(
            again,
            redirect=0,
            allowed_methods=None,
            status_forcelist=BUSY,
            raise_on_status=False,
            backoff_factor=PAUSE,
        ),
    )
    made.pool_classes_by_scheme = {"http": Pool, "https": SecurePool}
    return made
