"""Connections to Postgres: pools that refuse when full, under roles that own nothing."""

import asyncio
import select
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from time import monotonic
from typing import Any, TypeAlias, cast

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from adapters.postgres.watched import Watched, told
from application.ports import Unavailable

Connection: TypeAlias = AsyncConnection[tuple[Any, ...]]

APPEND, PROJECT, READ = "souk_append", "souk_project", "souk_read"
ASOF = "souk_asof"
AUDIT = "souk_audit"  # sees the log of the one tenant named by SET LOCAL souk.tenant
WAITING_PER_CONNECTION = 64  # callers beyond that are turned away at once
ASK_AGAIN = 1.0  # seconds after which whoever waits for a connection asks for one again
LATE = 1.2  # times the server's own limit: beyond that it will not say so itself
HOUR = 3600.0  # seconds: a limit for work in which nobody waits for one answer
CONNECT = 10.0  # seconds at the most until a server that does not answer is away
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, OSError)
UNMIGRATED = psycopg.errors.UndefinedTable
FORBIDDEN = psycopg.errors.InsufficientPrivilege
# That the other end is gone, told also of what is in use; where it is not, any news may be that.
HUNG_UP = getattr(select, "POLLRDHUP", select.POLLIN)
SATURATED = (PoolTimeout, TooManyRequests, PoolClosed)


class Pool(AsyncConnectionPool[Connection]):
    """Gives only connections that still lead to the server.

    The library's own check waits longer and longer after each that does not. After a crash the
    first caller met all those that had been idle, one after another, and was turned away when the
    server had long been there again. So was whoever waited while the library gave up making new
    ones: it only begins again when somebody asks.

    ``limit``: seconds until a server that says nothing is taken for one that is away.
    """

    limit = CONNECT

    @property
    def patience(self) -> float:
        """Seconds within which whoever asks has an answer, or none is to come."""
        return self.timeout + self.limit

    async def getconn(self, timeout: float | None = None) -> Connection:  # noqa: ASYNC109
        patience, dead = self.timeout if timeout is None else timeout, 0
        deadline = monotonic() + patience
        while True:
            left = deadline - monotonic()
            try:
                connection = await super().getconn(min(left, ASK_AGAIN))
            except PoolTimeout:
                if left > ASK_AGAIN:
                    continue
                raise PoolTimeout(f"no connection within {patience:.2f} s") from None
            try:
                if await _still_there(connection):
                    return connection
                await connection.close()
            except BaseException:
                await self.putconn(connection)
                raise
            await self.putconn(connection)  # which replaces it
            dead += 1
            if dead > self.max_size:  # the new ones die, too
                await asyncio.sleep(0.1)


async def open_pool(
    url: str,
    role: str,
    *,
    size: int,
    name: str,
    timeout: float = 5.0,  # noqa: ASYNC109
    limit: float | None = None,
) -> Pool:
    """A pool of at most ``size`` autocommit connections that act as ``role``.

    Waits ``timeout`` seconds for each statement, and as long for a free connection, but not beyond
    CONNECT. Opens without waiting for the server: while it is away, ``borrow`` raises Unavailable.
    ``limit``: seconds until a server that says nothing is away; None: little more than ``timeout``.
    """
    limit = timeout * LATE if limit is None else limit

    async def watch(connection: Connection) -> None:
        watched = cast(Watched, connection)
        watched.limit, watched.piped = limit, pool.patience  # beyond that nobody waits

    pool = Pool(
        conninfo_of(url, role, name, timeout),
        connection_class=Watched,
        configure=watch,
        kwargs={"autocommit": True, "prepare_threshold": 2},
        min_size=1,
        max_size=size,
        max_waiting=size * WAITING_PER_CONNECTION,
        timeout=min(timeout, CONNECT),
        reconnect_timeout=2.0,
        name=name,
        open=False,
    )
    pool.limit = limit
    await pool.open()
    return pool


def conninfo_of(url: str, role: str, name: str, timeout: float, *settings: str) -> str:
    """``url`` with the session's role and limits; ``settings``: more of them, as "name=value"."""
    options = [
        str(conninfo_to_dict(url).get("options") or ""),
        f"-c role={role}",
        "-c timezone=UTC",
        f"-c statement_timeout={int(timeout * 1000)}",
        # Plans are kept: one made while a table was empty would scan it when it is large.
        "-c enable_seqscan=off",
        *(f"-c {setting}" for setting in settings),
    ]
    return make_conninfo(
        url,
        options=" ".join(filter(None, options)),
        application_name=name,
        connect_timeout=max(2, int(min(timeout, CONNECT))),
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
        tcp_user_timeout=10_000,
    )


@asynccontextmanager
async def borrow(pool: Pool) -> AsyncIterator[Connection]:
    """A connection of the pool. Unavailable when the pool is full or the server is away."""
    with unavailable():
        async with pool.connection() as connection:
            yield connection


@contextmanager
def unavailable() -> Iterator[None]:
    """Turns "the server is away", "too slow" and "the pool is full" into ports.Unavailable."""
    try:
        yield
    except (*SATURATED, *AWAY) as error:
        raise Unavailable("postgres") from error


def complaint(error: Exception) -> str | None:
    """What the server, or the way to it, failed with or forbids, in one line; None: it is another
    error."""
    told = isinstance(error, (psycopg.OperationalError, FORBIDDEN))
    return str(error).strip().partition("\n")[0] if told else None


async def _still_there(connection: Connection) -> bool:
    """An idle connection with something to read was closed, or has news: only then ask."""
    with suppress(*AWAY):
        if told(connection, select.POLLIN):
            await Pool.check_connection(connection)
        return True
    return False


def lasts(connection: Connection) -> bool:
    """Whether the server has been there ever since it was made, without asking the server."""
    return not connection.closed and not told(connection, HUNG_UP)
