"""What auditors narrow the log to."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from adapters.log.keyring import walk
from adapters.log.rows import FOREIGN, Row
from domain.kernel import Value

# Another library's bytes need not be text. What is converted has the collation C, which only knows
# the case of ASCII, and the server's own need not know more.
_TEXT = f"""CASE WHEN schema_version = {FOREIGN} THEN false
    ELSE strpos(lower(convert_from(data, 'UTF8') COLLATE pg_c_utf8),
        lower(%s COLLATE pg_c_utf8)) > 0 END"""


class Filter(Value):
    """``stream``: "context/id". Times and positions are half-open, times by ``recorded_at``.

    ``causation``: the event id of the cause. ``text``: found in a value of the event's data that
    is stored in the clear, whatever its case; what is sealed is not searched.
    """

    recorded_from: datetime | None = None
    recorded_before: datetime | None = None
    position_from: int | None = None
    position_before: int | None = None
    stream: str | None = None
    context: str | None = None
    tag: str | None = None
    actor: str | None = None
    correlation: UUID | None = None
    causation: UUID | None = None
    text: str | None = None

    @property
    def indexed(self) -> bool:
        """Whether the log has summaries that tell where such rows are not."""
        return any((self.tag, self.actor, self.correlation, self.causation))

    def conditions(self, tenant: str) -> Iterator[tuple[str, Any]]:
        """SQL, and the parameter of each; time and position apart."""
        yield "tenant = %s", tenant
        if self.stream is not None:
            yield "stream = %s", f"{tenant}/{self.stream}"
        if self.context is not None:
            yield "split_part(stream, '/', 2) = %s", self.context
        for column in ("tag", "actor", "correlation", "causation"):
            if (wanted := getattr(self, column)) is not None:
                yield f"{column} = %s", wanted
        if self.text is not None:
            yield _TEXT, msgspec.json.encode(self.text).decode()[1:-1]

    def holds(self, row: Row) -> bool:
        """Of what SQL found: JSON has names, and boxes of sealed text, that are no values."""
        if self.text is None:
            return True
        return any(self.text.lower() in value for value in _values(row.data))


def _values(data: bytes) -> Iterator[str]:
    """Each value that is stored in the clear, in lower case."""
    tree = walk(msgspec.json.decode(data), lambda sealed: None)
    tree.pop("type", None)  # the tag, which has a filter of its own
    waiting = [tree]
    while waiting:
        match waiting.pop():
            case dict() as part:
                waiting += part.values()
            case list() as part:
                waiting += part
            case str() as text:
                yield text.lower()
            case None:
                pass
            case value:
                yield msgspec.json.encode(value).decode()
