"""One event as a line of a bundle: every stored column, exactly."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from adapters.log.rows import Row

Large: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Small: TypeAlias = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """JSON without spaces, its fields in this order. ``data``: the bytes as text where they are
    UTF-8, else they are in ``data_base64``; so is ``origin``, where there
    is one; ``hash``: lower-case hexadecimal."""

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
    origin: str | None = None
    origin_base64: str | None = None
    hash: str


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Line)


def line_of(row: Row) -> bytes:
    return _ENCODER.encode(_line(row)) + b"\n"


def _line(row: Row) -> Line:
    text, packed = _told(row.data)
    origin, packed_origin = (None, None) if row.origin is None else _told(row.origin)
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
        origin=origin,
        origin_base64=packed_origin,
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
    if (data := _bytes(line.data, line.data_base64)) is None:
        raise ValueError("an event without data")
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
        data,
        _bytes(line.origin, line.origin_base64),
        bytes.fromhex(line.hash),
    )
    if line_of(row) != text + b"\n":
        raise ValueError("not written as an event must be")
    return row


def _bytes(text: str | None, packed: str | None) -> bytes | None:
    if packed is None:
        return None if text is None else text.encode()
    try:
        return base64.b64decode(packed, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
