"""One event as a line of a bundle: every stored column, exactly."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from adapters.log.rows import Row

Large: TypeAlias = Annotated[int, Meta(ge=0, lt=2**63)]
Small: TypeAlias = Annotated[int, Meta(ge=0, lt=2**31)]
Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """JSON without spaces, its fields in this order. ``data``: the bytes as text where they are
    UTF-8, else they are in ``data_base64``; ``hash``: lower-case hexadecimal."""

    position: Large
    tenant: str
    stream: str
    version: Large
    tag: str
    schema_version: Small
    event_id: UUID
    occurred_at: Moment
    recorded_at: Moment
    actor: str
    correlation: UUID
    causation: UUID | None = None
    command_id: UUID
    data: str | None = None
    data_base64: str | None = None
    hash: str


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Line)


def line_of(row: Row) -> bytes:
    return _ENCODER.encode(_line(row)) + b"\n"


def _line(row: Row) -> Line:
    text, packed = _told(row.data)
    return Line(
        position=row.position,
        tenant=row.tenant,
        stream=row.stream,
        version=row.version,
        tag=row.tag,
        schema_version=row.schema_version,
        event_id=row.event_id,
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        actor=row.actor,
        correlation=row.correlation,
        causation=row.causation,
        command_id=row.command_id,
        data=text,
        data_base64=packed,
        hash=row.hash.hex(),
    )


def _told(data: bytes) -> tuple[str | None, str | None]:
    try:
        return data.decode(), None
    except UnicodeDecodeError:
        return None, base64.b64encode(data).decode()


def row_of(text: bytes) -> Row:
    """The row that makes exactly this line. ValueError or MsgspecError for any other line."""
    line = _DECODER.decode(text)
    if line.occurred_at.utcoffset() or line.recorded_at.utcoffset():
        raise ValueError("a time that is not in UTC")
    row = Row(
        line.tenant,
        line.stream,
        line.version,
        line.position,
        line.tag,
        line.schema_version,
        line.event_id,
        line.occurred_at,
        line.recorded_at,
        line.actor,
        line.correlation,
        line.causation,
        line.command_id,
        _bytes(line),
        hash=bytes.fromhex(line.hash),
    )
    if line_of(row) != text + b"\n":
        raise ValueError("not written as an event must be")
    return row


def _bytes(line: Line) -> bytes:
    if (line.data is None) == (line.data_base64 is None):
        raise ValueError("an event has its data once")
    if line.data is not None:
        return line.data.encode()
    try:
        return base64.b64decode(line.data_base64 or "", validate=True)
    except binascii.Error as error:
        raise ValueError("the data is not base64") from error
