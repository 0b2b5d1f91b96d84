"""An event that cannot be read: its bytes are spoilt in the log, past every rule, and mended."""

import psycopg


class Poison:
    """Spoils the first event of a tag when it is made."""

    def __init__(self, database: str, tag: str) -> None:
        self._database = database
        found = self._run("SELECT position, data FROM log.events WHERE tag = %s ORDER BY 1", tag)
        self.position, self._data = found[0]
        self._write(b'{"spoilt')

    def cure(self) -> None:
        self._write(self._data)

    def _write(self, data: bytes) -> None:
        self._run(
            "UPDATE log.events SET data = %s WHERE position = %s RETURNING 1", data, self.position
        )

    def _run(self, sql: str, *params: object) -> list[tuple]:
        with psycopg.connect(self._database, autocommit=True) as superuser:
            return superuser.execute(sql, params).fetchall()
