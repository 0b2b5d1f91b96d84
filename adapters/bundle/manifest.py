"""What a bundle says of itself."""

from datetime import datetime

import msgspec
from msgspec import Struct

FORMAT = 1
EVENTS, ROOTS, KEYS, FIGURES = "events.jsonl", "roots.jsonl", "keys.json", "figures.jsonl"
MANIFEST = "manifest.json"
FILES = (EVENTS, ROOTS, KEYS, FIGURES)


class File(Struct, frozen=True, forbid_unknown_fields=True):
    lines: int
    bytes: int
    sha256: str


class End(Struct, frozen=True, forbid_unknown_fields=True):
    """The last link of the chain, as it is kept apart in the log."""

    position: int
    hash: str


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``first``, ``last``: positions of the tenant's first and last event in it, 0 when it has
    none. ``upto``: the position that was asked for, null for all there was. ``end``: null unless
    all is in it. ``figures``: the position at which each kind of figures stands; without a kind,
    there are none of it. ``code``: what wrote it."""

    format: int = FORMAT
    tenant: str
    first: int
    last: int
    upto: int | None
    end: End | None
    figures: dict[str, int]
    files: dict[str, File]
    code: str
    made_at: datetime

    @property
    def written(self) -> bytes:
        return msgspec.json.encode(self) + b"\n"


_DECODER = msgspec.json.Decoder(Manifest)


def read(text: bytes) -> Manifest:
    """ValueError or MsgspecError for what is no manifest of this format, written as it must be."""
    manifest = _DECODER.decode(text)
    if manifest.format != FORMAT:
        raise ValueError(f"format {manifest.format} is not known")
    if manifest.written.rstrip(b"\n") != text.rstrip(b"\n"):
        raise ValueError("not written as a manifest must be")
    return manifest
