"""What is held about a person: before they are erased, and for themselves to read."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from adapters.erasing.files import owned
from adapters.log import origins
from adapters.log.erased import erased, needle
from adapters.log.keyring import Keyring, Seals
from adapters.postgres.pools import Connection
from application.ports import Log, Origin

# Theirs: what holds their words, what they did, and what their own stream says.
_EVENTS = (
    "SELECT stream, version, position, tag, occurred_at, actor, origin, data FROM log.events"
    " WHERE tenant = %s AND schema_version > 0 AND (position(%s IN data) > 0 OR actor = %s"
    " OR split_part(stream, '/', 3) = %s) ORDER BY position"
)
_STREAMS = (
    "SELECT stream, count(*) FROM log.events WHERE tenant = %s AND position(%s IN data) > 0"
    " GROUP BY stream ORDER BY stream"
)


class Holding(Struct, frozen=True):
    """``streams``: events with something of theirs, by stream; ``rows``: by table; ``files``:
    their uploads, by id, with their state."""

    tenant: str
    subject: str
    erased: bool
    streams: dict[str, int]
    rows: dict[str, int]
    files: dict[str, str]


class Event(Struct, frozen=True):
    """``origin``: where their own command came from. ``data``: with their own words open, and
    those of others null."""

    stream: str
    version: int
    position: int
    tag: str
    at: datetime
    by_them: bool
    origin: Origin | None
    data: Any


class Copy(Struct, frozen=True):
    """All that is held about one person, to hand to them."""

    tenant: str
    subject: str
    erased: bool
    files: dict[str, str]
    events: list[Event]


async def holding(db: Connection, log: Log, keyring: Keyring, tenant: str, subject: str) -> Holding:
    cursor = await db.execute(_STREAMS, (tenant, needle(subject)))
    streams: dict[str, int] = dict(await cursor.fetchall())
    files = await owned(db, log, tenant, subject)
    return Holding(
        tenant,
        subject,
        (tenant, subject) in await erased(db),
        streams,
        await _rows(db, tenant, subject),
        {id: asset.status for id, asset in files.items()},
    )


async def _rows(db: Connection, tenant: str, subject: str) -> dict[str, int]:
    cursor = await db.execute("SELECT unnest(tables) FROM read.projections ORDER BY 1")
    counts = {}
    for (table,) in await cursor.fetchall():
        found = await db.execute(
            f"SELECT count(*) FROM read.{table} WHERE tenant = %s AND position(%s IN personal) > 0",
            (tenant, needle(subject)),
        )
        ((rows,),) = await found.fetchall()
        if rows:
            counts[table] = rows
    return counts


async def copy(db: Connection, log: Log, keyring: Keyring, tenant: str, subject: str) -> Copy:
    about = tenant, needle(subject), subject, subject
    cursor = await db.execute(_EVENTS, about)
    rows = await cursor.fetchall()
    clear = await keyring.open_all(tenant, [_without_others(row[-1], subject) for row in rows])
    seals = await keyring.for_opening(tenant, [subject])
    events = [
        Event(
            *(stream, version, at, tag, when, actor == subject),
            _origin(seals, origin, tenant, subject) if actor == subject else None,
            msgspec.json.decode(data),
        )
        for (stream, version, at, tag, when, actor, origin, _), data in zip(
            rows, clear, strict=True
        )
    ]
    files = {id: asset.status for id, asset in (await owned(db, log, tenant, subject)).items()}
    return Copy(tenant, subject, (tenant, subject) in await erased(db), files, events)


def _origin(seals: Seals, data: bytes | None, tenant: str, subject: str) -> Origin | None:
    if data is None:
        return None
    origin, personal = origins.read(data, tenant, subject)
    text = None if personal is None else seals.text(personal)
    return origin if text is None else origins.filled(origin.channel, text)


def _without_others(data: bytes, subject: str) -> bytes:
    return msgspec.json.encode(_walk(msgspec.json.decode(data), subject))


def _walk(tree: Any, subject: str) -> Any:
    if isinstance(tree, list):
        return [_walk(each, subject) for each in tree]
    if not isinstance(tree, dict):
        return tree
    if {"subject", "sealed", "stream", "tag"} <= tree.keys() and tree["subject"] != subject:
        return None
    return {name: _walk(each, subject) for name, each in tree.items()}
