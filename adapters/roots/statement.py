"""A root as it is told: what it says in canonical JSON, and who signed that.

A statement is one line of JSON without spaces, its fields in the order below, hashes in lower-case
hexadecimal, times in UTC. What is signed is that line without its last two fields. The file that
is published, and a line of a bundle, is all of it and a line feed.
"""

from datetime import datetime

import msgspec
from msgspec import Struct


class Statement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tenant's first ``size`` events end with the one at ``position``, whose chain hash is
    ``chain``; their tree has the ``root``. ``before``: the root published before, "" of the first.
    ``at``: when it was made."""

    tenant: str
    size: int
    position: int
    chain: str
    root: str
    before: str
    at: datetime


class Root(Statement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``key``: the id of the key that signed it, ``signature``: Ed25519, base64; both "" when it is
    not signed."""

    key: str = ""
    signature: str = ""

    @property
    def said(self) -> bytes:
        """What is signed."""
        fields = Statement.__struct_fields__
        return _ENCODER.encode({name: getattr(self, name) for name in fields})

    @property
    def file(self) -> bytes:
        return _ENCODER.encode(self) + b"\n"


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Root)


def read(line: bytes) -> Root:
    """ValueError or MsgspecError for anything but a root, written as it must be."""
    root = _DECODER.decode(line)
    if root.file.rstrip(b"\n") != line.rstrip(b"\n"):
        raise ValueError("not written as a root must be")
    return root
