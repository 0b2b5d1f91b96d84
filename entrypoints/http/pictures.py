"""What everyone may see: renditions of assets that something shows, streamed by their own name.

Streamed and not redirected to the bucket: a signed address expires, so no cache could keep what it
leads to; and the bucket stays closed to everyone else.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from adapters.media import keys
from adapters.media.objects import Gone
from adapters.media.verdict import CONTENT_TYPES
from application.ports import Missing
from entrypoints.http.answers import Headers, Ready, unchanged
from entrypoints.http.names import NAME
from entrypoints.http.problems import Problem
from entrypoints.wiring import Souk
from projections import media

UNKNOWN = "media.unknown_asset"
RENDERING = re.compile(r"r\d{1,4}(?:-\d{1,7}){0,4}", re.ASCII)
FILE = re.compile(r"[a-z0-9]{1,20}\.([a-z0-9]{1,10})", re.ASCII)
RANGE = re.compile(r"bytes=(\d{0,99})-(\d{0,99})", re.ASCII)
ALWAYS = (
    (b"cache-control", b"public, max-age=31536000, immutable"),  # other bytes have another name
    (b"accept-ranges", b"bytes"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)


async def key_of(souk: Souk, tenant: str, id: str, rendering: str, file: str) -> tuple[str, str]:
    """Where a published file is, and its content type. Raises Missing."""
    named = FILE.fullmatch(file)
    kind = CONTENT_TYPES.get(named[1]) if named else None
    if kind is None or not RENDERING.fullmatch(rendering) or not re.fullmatch(NAME, tenant):
        raise Missing(UNKNOWN)
    found = await media.published(souk.reader(tenant), id)
    sha256 = media.opened(found).sha256 if found else None
    if sha256 is None:
        raise Missing(UNKNOWN)
    return keys.named(tenant, sha256, rendering, file), kind


class Flowing(ASGIResponse):
    """Bytes as they come, after the first of them; the route's own content type stays out."""

    def __init__(
        self, status: int, headers: Headers, first: bytes, rest: AsyncGenerator[bytes, None]
    ) -> None:
        self._start, self._first, self._rest = (status, [*headers]), first, rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, headers = self._start
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": self._first, "more_body": True})
        async with aclosing(self._rest):
            async for chunk in self._rest:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def sent(
    souk: Souk, key: str, kind: str, asked: Mapping[str, str], bare: bool
) -> ASGIResponse:
    """``asked``: the request's headers; ``bare``: without the bytes. Raises Missing, and Problem
    for a part that there is not."""
    try:
        kept = await souk.objects.stat(key)
    except Gone:
        raise Missing(UNKNOWN) from None
    etag = f'"{kept.etag}"'
    headers = [(b"etag", etag.encode()), *ALWAYS]
    if unchanged(asked.get("if-none-match", ""), etag):
        return Ready(304, headers)
    same = asked.get("if-range", etag) == etag
    start, end, status = _part(asked.get("range", "") if same else "", kept.size)
    if status == 206:
        headers.append((b"content-range", f"bytes {start}-{end}/{kept.size}".encode()))
    length = end - start + 1
    headers += [(b"content-type", kind.encode()), (b"content-length", str(length).encode())]
    if bare:
        return Ready(status, headers)
    content = souk.objects.read(key, start, length)
    return Flowing(status, headers, await anext(content, b""), content)


def _part(wanted: str, size: int) -> tuple[int, int, int]:
    """First and last byte, and the status: the one part that is asked for, as players of films do,
    or the whole. Raises Problem for a part beyond the end."""
    part = RANGE.fullmatch(wanted)
    first, last = part.groups() if part else ("", "")
    if not (first or last) or (first and last and int(last) < int(first)):
        return 0, size - 1, 200
    start = int(first) if first else max(size - int(last), 0)  # -5: the last five
    if start >= size:
        told = {"Content-Range": f"bytes */{size}"}
        raise Problem(416, "range_not_satisfiable", f"it has {size} bytes", told)
    return start, min(int(last), size - 1) if first and last else size - 1, 206
