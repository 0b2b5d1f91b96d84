"""A test-only aggregate with personal data and a number, and what it takes to append its events."""

import asyncio
from typing import Any
from uuid import uuid4

from adapters.log.codec import Codec
from adapters.log.log import PostgresLog
from adapters.log.notices import Notices
from application.ports import Append, Appended, Call, Key, New, Receipt, Unavailable
from domain.kernel import Event, Personal, Value
from tests.support.patience import PATIENCE

MASTER = bytes(range(32))
TENANT = "acme"


class Address(Value):
    street: Personal
    city: str


class Noted(Event, tag="notes.noted"):
    text: str


class Numbered(Event, tag="notes.numbered"):
    SEQUENCE = "notes"
    text: str
    number: int = 0


class Signed(Event, tag="notes.signed"):
    name: Personal | None
    address: Address | None = None
    number: int = 0


class Called(Event, tag="notes.called"):
    name: Personal


NOTICES = Notices(MASTER)
CODEC = Codec([Noted, Numbered, Signed, Called])


def opened(url: str, **options: Any) -> PostgresLog:
    return PostgresLog(url, MASTER, codec=CODEC, **{"patience": PATIENCE, **options})


def stream(id: object, tenant: str = TENANT) -> str:
    return f"{tenant}/notes/{id}"


def call(tenant: str = TENANT, **envelope) -> Call:
    return Call(tenant, "ana", uuid4(), uuid4(), **envelope)


def key(name: str, request: bytes = b"one") -> Key:
    return Key("ana", "notes", name, request)


def note(id: object, *texts: str, expected: int = 0, tenant: str = TENANT) -> New:
    return New(stream(id, tenant), expected, tuple(Noted(text) for text in texts))


def append(*new: New, tenant: str = TENANT, idempotency: Key | None = None, **parts) -> Append:
    return Append(call(tenant, key=idempotency), new, **parts)


async def insist(log: PostgresLog, wanted: Append) -> Appended:
    """Appends as a caller does that is told to come back, for logs whose patience is shorter than a
    machine may be busy. With a key, or what it appends says where its streams are."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await log.append(wanted)
            except Unavailable:
                await asyncio.sleep(0.1)


def landed(recorded) -> Receipt:
    return Receipt("notes", len(recorded), recorded[-1].position if recorded else 0)


async def rows(url: str, sql: str, params=()):
    import psycopg

    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return await (await connection.execute(sql, params)).fetchall()
