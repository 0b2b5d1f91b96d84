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


class Newer(Exception):
    """The database is of a newer version than this code."""


def migrate(url: str) -> list[str]:
    """Apply what is missing, as the owner; the ids applied. Two processes at once take turns.
    Raises Newer.

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
        migrations = read_migrations(str(folder))
        missing = backend.to_apply(migrations)
        _refuse_newer(backend, {migration.id for migration in migrations})
        ids = [migration.id for migration in missing]
        backend.apply_migrations(missing)
        return ids


def _refuse_newer(backend: PostgresqlPsycopgBackend, known: set[str]) -> None:
    rows = backend.execute(f"SELECT migration_id FROM {backend.migration_table_quoted}").fetchall()
    if unknown := sorted({id for (id,) in rows} - known):
        raise Newer(
            f"the database has migrations that this code does not know ({', '.join(unknown)}):"
            " it is of a newer version, which is to be run on it"
        )


def _uri(url: str) -> DatabaseURI:
    """yoyo hands ``args`` to psycopg as they are, which keeps sockets, options and TLS working."""
    args = {name: value for name, value in conninfo_to_dict(url).items() if value is not None}
    database = args.pop("dbname", None)
    return DatabaseURI("postgresql+psycopg", None, None, None, None, database, args)
