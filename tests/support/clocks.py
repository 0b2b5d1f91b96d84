"""A Postgres whose clock is not that of the machine that asks it."""

from urllib.parse import quote

import psycopg

MINUTES = 20
# A clock that connections find before Postgres's own, if their search_path says so.
AHEAD = f"""CREATE SCHEMA ahead;
GRANT USAGE ON SCHEMA ahead TO PUBLIC;
CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql
    RETURN pg_catalog.clock_timestamp() + interval '{MINUTES} minutes'"""
RIGHT = """CREATE OR REPLACE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql
    RETURN pg_catalog.clock_timestamp()"""


def set_ahead(url: str) -> str:
    """The database, where it is 20 minutes later than here."""
    _run(url, AHEAD)
    return f"{url}?options={quote('-c search_path=ahead,pg_catalog,public')}"


def set_right(url: str) -> None:
    _run(url, RIGHT)


def _run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(sql)
