"""How queries answer: ready bytes, with the row's position as ETag, after one's own write."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar import Request
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream
from litestar.response.base import ASGIResponse
from msgspec import Struct

from adapters.asof.past import Past, PastCounts
from application.ports import Missing
from entrypoints.http.answers import Headers, Ready, unchanged
from entrypoints.http.caller import Caller, caller_of
from entrypoints.http.past import AsOf, Axis, past, told
from entrypoints.http.problems import Problem
from entrypoints.http.recording import Purpose
from entrypoints.wiring import Souk
from projections.kernel import Counts, Found, Page, Reader, Slice

LINES = "application/x-ndjson"
OWN = ((b"cache-control", b"private, no-cache"), (b"vary", b"authorization"))
UNKEPT = {"cache-control": "private, no-store", "vary": "authorization"}
LIMITS = (10, 20, 50, 100)
MOST = 2**63 - 1
D = TypeVar("D")


class Pagination(Struct, frozen=True):
    """Where in the whole list a page stands. The first page is 1."""

    page: int
    limit: int
    total: int
    total_pages: int


class Listed(Struct, Generic[D], frozen=True):
    """A page of a list."""

    items: list[D]
    pagination: Pagination


class Sliced(Struct, Generic[D], frozen=True):
    """A piece of a list. ``next``: the cursor to go on from; null at the end."""

    items: list[D]
    next: str | None


class Paging(Struct, frozen=True):
    """Which page is wanted, from 1, and how many items a page has."""

    page: int
    limit: int


async def paging(
    page: Annotated[int, QueryParameter(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, QueryParameter(ge=10, le=100, description="10, 20, 50 or 100")] = 10,
) -> Paging:
    check_limit(limit)
    return Paging(page, limit)


def check_limit(limit: int) -> None:
    """Raises Problem."""
    if limit not in LIMITS:
        raise Problem(400, "malformed", "limit: 10, 20, 50 or 100")


class TenantCounts:
    """``projections.kernel.Counts`` of one tenant, no older than ``after``."""

    def __init__(self, souk: Souk, tenant: str, after: int) -> None:
        self._souk, self._tenant, self._after = souk, tenant, after

    async def row(self, table: str, id: str) -> Found | None:
        return (await self.rows(table, [id])).get(id)

    async def rows(self, table: str, ids: Sequence[str]) -> dict[str, Found]:
        return await self._souk.counters.get(self._tenant, table, ids, self._after)


class View:
    """One query's reader, and the way its rows are sent. ``past``: what it reads instead of now."""

    def __init__(
        self, souk: Souk, caller: Caller, unless: str, after: int = 0, past: Past | None = None
    ) -> None:
        counts = PastCounts(past) if past else TenantCounts(souk, caller.tenant, after)
        self.db: Reader = past or souk.reader(caller.tenant)
        self.counts: Counts = counts
        self.caller = caller
        self._souk, self._unless, self._after, self._past = souk, unless, after, past

    def one(self, found: Found | None, missing: str) -> ASGIResponse:
        """The row without its personal part. Raises Missing."""
        if found is None:
            raise Missing(missing)
        return self.sent(found.body, str(found.position))

    async def opened(self, found: Found | None, missing: str) -> ASGIResponse:
        """The row with its personal part clear, for readers who may see it. Raises Missing."""
        if found is None:
            raise Missing(missing)
        (body,) = await self._with_personal([found])
        return self.sent(body, f"{found.position}p")

    def page(self, found: Page, paging: Paging) -> ASGIResponse:
        return self._page([row.body for row in found.items], found, paging, "")

    async def opened_page(self, found: Page, paging: Paging) -> ASGIResponse:
        """A page whose rows all belong to the caller, or are seen by staff."""
        return self._page(await self._with_personal(found.items), found, paging, "p")

    def slice(self, bodies: list[bytes], state: str, next: int | None) -> ASGIResponse:
        """``state``: what the bodies were made of."""
        end = msgspec.json.encode(None if next is None else str(next))
        return self.sent(b'{"items":[%s],"next":%s}' % (b",".join(bodies), end), state)

    def sliced(self, found: Slice) -> ASGIResponse:
        """Without the personal parts."""
        return self.slice([row.body for row in found.items], _state(found), found.next)

    async def opened_slice(self, found: Slice) -> ASGIResponse:
        """With the personal parts clear, for readers who may see them."""
        bodies = await self._with_personal(found.items)
        return self.slice(bodies, f"{_state(found)}p", found.next)

    async def await_too(self, projection: str) -> None:
        """Also that one is to be no older than what was asked for. Raises Unavailable."""
        if self._after:
            await self._souk.positions.wait(projection, self._after)

    async def lines(self, batches: AsyncIterator[list[Found]], opened: bool) -> Stream:
        """One JSON object a line. What fails before the first line is a problem as ever; what
        fails later breaks the connection, so that no one takes a part for the whole."""
        first: list[Found] = await anext(batches, [])

        async def sent() -> AsyncIterator[bytes]:
            yield await self._lines(first, opened)
            async for rows in batches:
                yield await self._lines(rows, opened)

        more = {name.decode(): value.decode() for name, value in self._told}
        return Stream(sent(), media_type=LINES, headers=UNKEPT | more)

    async def _lines(self, rows: list[Found], opened: bool) -> bytes:
        bodies = await self._with_personal(rows) if opened else [row.body for row in rows]
        return b"".join(body + b"\n" for body in bodies)

    def document(self, document: Struct) -> ASGIResponse:
        """An answer that is computed, not stored."""
        body = msgspec.json.encode(document)
        return self.sent(body, hashlib.sha256(body).hexdigest()[:16])

    def _page(self, bodies: list[bytes], found: Page, paging: Paging, mark: str) -> ASGIResponse:
        pages = -(-found.total // paging.limit)
        end = msgspec.json.encode(Pagination(paging.page, paging.limit, found.total, pages))
        body = b'{"items":[%s],"pagination":%s}' % (b",".join(bodies), end)
        state = [[row.id, row.position] for row in found.items], end
        return self.sent(body, digest(state) + mark)

    async def _with_personal(self, rows: list[Found]) -> list[bytes]:
        sealed = [row.personal for row in rows if row.personal]
        opened = iter(
            await self._souk.keyring.open_all(self.caller.tenant, sealed) if sealed else []
        )
        return [
            b'%s,"personal":%s}' % (row.body[:-1], next(opened) if row.personal else b"null")
            for row in rows
        ]

    def sent(self, body: bytes, state: str) -> ASGIResponse:
        """``state``: what the answer was made of; the ETag."""
        tag = f'"{state}@{self._past.point.mark}"' if self._past else f'"{state}"'
        headers = ((b"etag", tag.encode()), *OWN, *self._told)
        if self._unless and unchanged(self._unless, tag):
            return Ready(304, headers)
        return Ready.json(200, body, headers)

    @property
    def _told(self) -> Headers:
        return told(self._past) if self._past else ()


def _state(found: Slice) -> str:
    return digest([[row.id, row.position] for row in found.items] + [[found.next]])


def digest(state: object) -> str:
    """A short name for what an answer was made of."""
    return hashlib.sha256(msgspec.json.encode(state)).hexdigest()[:16]


async def view(
    request: Request[Any, Any, Any],
    souk: NamedDependency[Souk],
    after: Annotated[
        int | None,
        QueryParameter(ge=0, le=MOST, description="answer no older state than this position"),
    ] = None,
    souk_after: Annotated[
        int | None, HeaderParameter(name="Souk-After", ge=0, le=MOST, description="as ?after=")
    ] = None,
    if_none_match: Annotated[str | None, HeaderParameter(name="If-None-Match")] = None,
    as_of: AsOf = None,
    axis: Axis = None,
    purpose: Purpose = None,
) -> View:
    """Waits until the route's projection has come to ``after``, which a view of the past need not.
    Raises Unavailable, and what ``past`` raises."""
    caller, unless = caller_of(request.scope), if_none_match or ""
    if as_of is not None:
        if request.method != "GET":
            raise Problem(400, "malformed", "as_of: a command is of now")
        if request.route_handler.opt.get("present"):
            raise Problem(400, "malformed", "as_of: this is told as it is now only")
        for name, position in (("after", after), ("Souk-After", souk_after)):
            if position is not None:
                raise Problem(400, "malformed", f"{name}: as_of says how old a state it is")
        then = await past(request, souk, as_of, axis, purpose)
        return View(souk, caller, unless, past=then)
    if axis is not None:
        raise Problem(400, "malformed", "axis: of which as_of?")
    if wanted := max(after or 0, souk_after or 0):
        await souk.positions.wait(request.route_handler.opt["projection"], wanted)
    return View(souk, caller, unless, wanted)
