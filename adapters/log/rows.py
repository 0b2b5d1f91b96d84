"""One event as it is stored, column by column."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from adapters.log.codec import Codec, Opener
from domain.kernel import Recorded

FOREIGN = 0  # schema version of other libraries' events, which are opaque bytes


class Row(Struct, frozen=True, gc=False):
    """A row of log.events; the fields are its columns, in order."""

    tenant: str
    stream: str
    version: int
    position: int
    tag: str
    schema_version: int
    event_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    correlation: UUID
    causation: UUID | None
    command_id: UUID
    data: bytes
    origin: bytes | None = None  # of the first event of a command: see origins.py
    hash: bytes = b""

    def recorded(self, event: Any) -> Recorded:
        return Recorded(
            self.tenant,
            self.stream,
            self.version,
            self.position,
            self.tag,
            self.event_id,
            self.occurred_at,
            self.recorded_at,
            self.actor,
            self.correlation,
            self.causation,
            self.command_id,
            event,
        )

    def decoded(self, codec: Codec, opener: Opener | None = None) -> Recorded:
        """``event`` is None when another library wrote it: its bytes mean nothing here."""
        if self.schema_version == FOREIGN:
            return self.recorded(None)
        return self.recorded(codec.decode(self.tag, self.data, self.position, opener))


COLUMNS = ", ".join(Row.__struct_fields__)
