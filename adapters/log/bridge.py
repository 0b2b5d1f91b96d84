"""The way from threads without an event loop to the log: a loop of its own in the background."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from eventsourcing.persistence import DataError, IntegrityError, OperationalError

from adapters.log.log import PostgresLog
from adapters.postgres.pools import conninfo_of
from application.ports import Conflict, Unavailable
from domain.kernel import Rejected

T = TypeVar("T")
TIMEOUT = 10.0  # seconds
NO_PERSONAL_DATA = bytes(32)  # other libraries' events are opaque: nothing of theirs is sealed


class Bridge:
    """One log, open for as long as the bridge is."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="souk-log")
        self._thread.start()
        self.log = self.run(PostgresLog(url, NO_PERSONAL_DATA, patience=TIMEOUT).open)

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do it on the log's loop and wait, with the errors that the library knows."""
        try:
            return asyncio.run_coroutine_threadsafe(work(), self._loop).result()
        except Conflict as error:
            raise IntegrityError("the stream has moved on") from error
        except Unavailable as error:
            raise OperationalError(error.what) from error
        except Rejected as error:
            raise DataError(error.detail) from error

    def close(self) -> None:
        if self._loop.is_running():
            self.run(self.log.close)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(TIMEOUT)
            self._loop.close()


class Session:
    """One plain connection under a role, made again when it was lost."""

    def __init__(self, url: str, role: str) -> None:
        self._conninfo = conninfo_of(url, role, "souk-library", TIMEOUT)
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._turn = threading.RLock()

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
        """A cursor in a transaction that commits when the block ends well."""
        with self._turn:
            try:
                connection = self._connected()
                with connection.transaction(), connection.cursor() as cursor:
                    yield cursor
            except psycopg.IntegrityError as error:
                raise IntegrityError(str(error)) from error
            except psycopg.OperationalError as error:
                raise OperationalError(str(error)) from error

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._conninfo, autocommit=True)
        return self._connection
