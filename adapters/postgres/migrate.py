"""Migrations: plain SQL files, applied once each by yoyo."""

from contextlib import closing
from importlib.resources import as_file, files

import psycopg
from psycopg.conninfo import conninfo_to_dict
from yoyo import read_migrations  # type: ignore[import-untyped]
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend  # type: ignore[import-untyped]
from yoyo.connections import DatabaseURI  # type: ignore[import-untyped]
from yoyo.migrations import default_migration_table  # type: ignore[import-untyped]

from adapters.postgres.unsafe import refuse_unsafe_settings

LOCK = 0x50_75_6B_00  # advisory lock of whoever migrates


def migrate(url: str) -> list[str]:
    """Apply what is missing, as the owner; the ids applied. Two processes at once take turns.

    The turn is an advisory lock, which ends with its connection: yoyo's own lock is a row that a
    killed process would leave behind.
    """
    refuse_unsafe_settings()
    with psycopg.connect(url, autocommit=True) as turn:
        turn.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        return _apply(url)


def _apply(url: str) -> list[str]:
    backend = PostgresqlPsycopgBackend(_uri(url), default_migration_table)
    with closing(backend.connection), as_file(files(__package__) / "migrations") as folder:
        backend.init_database()
        missing = backend.to_apply(read_migrations(str(folder)))
        ids = [migration.id for migration in missing]
        backend.apply_migrations(missing)
        return ids


def _uri(url: str) -> DatabaseURI:
    """yoyo hands ``args`` to psycopg as they are, which keeps sockets, options and TLS working."""
    args = {name: value for name, value in conninfo_to_dict(url).items() if value is not None}
    database = args.pop("dbname", None)
    return DatabaseURI("postgresql+psycopg", None, None, None, None, database, args)
