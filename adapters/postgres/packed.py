"""Lists as Postgres arrays in its binary format: a third of the work of any other way in."""

import struct
from collections.abc import Iterable
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEAD = struct.Struct("!iIIii").pack  # dimensions, holds nulls, element type, length, first index
_SIZE = struct.Struct("!i").pack
_INTEGER = struct.Struct("!iq").pack
_NULL = b"\xff\xff\xff\xff"  # a size of -1
TEXT, BYTES, INTEGER = 25, 17, 20  # element types


class Texts(bytes):
    """A text[]."""


class Blobs(bytes):
    """A bytea[]."""


class Integers(bytes):
    """A bigint[]."""


def texts(values: Iterable[str | None]) -> Texts:
    return Texts(_packed(TEXT, [None if value is None else value.encode() for value in values]))


def blobs(values: Iterable[bytes | None]) -> Blobs:
    return Blobs(_packed(BYTES, list(values)))


def integers(values: Iterable[int]) -> Integers:
    packed = [_INTEGER(8, value) for value in values]
    return Integers(b"".join([_HEAD(1, 0, INTEGER, len(packed), 1), *packed]))


def _packed(kind: int, values: list[bytes | None]) -> bytes:
    parts = [_HEAD(1, 1, kind, len(values), 1)]
    for value in values:
        if value is None:
            parts.append(_NULL)
        else:
            parts += (_SIZE(len(value)), value)
    return b"".join(parts)


def _register(kind: type[bytes], array: int) -> None:
    class AsIs(Dumper):
        format, oid = Format.BINARY, array

        def dump(self, obj: Any) -> bytes:
            return bytes(obj)

    psycopg.adapters.register_dumper(kind, AsIs)


_register(Texts, 1009)
_register(Blobs, 1001)
_register(Integers, 1016)
