"""What fits a route goes straight to its handler; everything else, the framework's way; and both
come to the same."""

import uuid
from typing import Annotated, Any

import httpx
import pytest
from litestar import Litestar, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter
from litestar.response import Stream
from litestar.response.base import ASGIResponse
from litestar.routes import HTTPRoute
from litestar.testing import TestClient
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

from application.ports import Missing
from entrypoints.http.answers import Ready
from entrypoints.http.app import http
from entrypoints.http.direct import Plan, directing
from entrypoints.http.problems import handle

ID = uuid.UUID(int=7)


class Wanted(Struct, forbid_unknown_fields=True):
    quantity: int
    reason: str = "count"


class Told(Struct):
    what: list[Any]


async def thing(
    id: FromPath[uuid.UUID],
    tag: Annotated[str | None, HeaderParameter(name="Tag", min_length=1, max_length=3)] = None,
) -> str:
    if tag == "bad":
        raise Missing("things.unknown_thing")
    return f"{id}/{tag}"


@post("/things/{id:uuid}", status_code=200)
async def change(data: JSONBody[Wanted], thing: NamedDependency[str]) -> Told:
    return Told([thing, data.quantity, data.reason])


@get("/things/{id:uuid}")
async def read(
    thing: NamedDependency[str], page: Annotated[int, QueryParameter(ge=1)] = 1
) -> ASGIResponse:
    return Ready.json(200, f'["{thing}",{page}]'.encode())


@get("/texts")
async def text() -> str:
    return "text"


@get("/told")
async def told() -> Response[Told]:
    return Response(Told([1]), headers={"x": "1"})


def served(*layers: Any) -> Litestar:
    return Litestar(
        [change, read, text, told],
        dependencies={"thing": Provide(thing)},
        middleware=list(layers),
        exception_handlers={Exception: handle},
        openapi_config=None,
    )


@pytest.fixture(scope="module")
def ways():
    """The same application by the framework alone, and with the layer; and how often that handed a
    request on."""
    passed: list[str] = []

    def counting(app: ASGIApp) -> ASGIApp:
        async def layer(scope: Scope, receive: Receive, send: Send) -> None:
            passed.append(scope["path"])
            await app(scope, receive, send)

        return layer

    with TestClient(served()) as plain, TestClient(served(directing, counting)) as direct:
        yield plain, direct, passed


def answers(client: TestClient[Litestar], method: str, path: str, **sent: Any) -> tuple[Any, ...]:
    if isinstance(sent.get("content"), list):  # in pieces, which are gone once they are sent
        sent["content"] = iter(sent["content"])
    answer = client.request(method, path, **sent)
    kind = answer.headers["content-type"]
    return answer.status_code, kind, answer.content


FITS = [
    ("POST", f"/things/{ID}", {"json": {"quantity": 2}}),
    ("POST", f"/things/{ID}", {"json": {"quantity": 2, "reason": "x" * 2_000_000}}),
    ("POST", f"/things/{ID}", {"content": [b'{"quan', b'tity":', b" 2}"]}),
    ("POST", f"/things/{ID}", {"json": {"quantity": 2}, "headers": {"Tag": "abc"}}),
    ("POST", f"/things/{ID}", {"json": {"quantity": 2}, "headers": {"Tag": "bad"}}),
    ("GET", f"/things/{ID}", {}),
    ("GET", f"/things/{ID}", {"headers": {"Tag": "a"}}),
    ("GET", f"/things/{ID}", {"headers": {"Tag": "bad"}}),
]


@pytest.mark.parametrize(("method", "path", "sent"), FITS)
def test_what_fits_is_answered_as_the_framework_would_without_asking_it(ways, method, path, sent):
    plain, direct, passed = ways
    passed.clear()
    assert answers(direct, method, path, **sent) == answers(plain, method, path, **sent)
    assert passed == []


OTHERS = [
    ("POST", f"/things/{ID}", {"content": b""}),
    ("POST", f"/things/{ID}", {"content": b"{"}),
    ("POST", f"/things/{ID}", {"content": b"\xff"}),
    ("POST", f"/things/{ID}", {"content": b"[" * 100_000}),
    ("POST", f"/things/{ID}", {"json": {"quantity": None}}),
    ("POST", f"/things/{ID}", {"json": {"quantity": 2, "more": 1}}),
    ("POST", f"/things/{ID}", {"json": {"quantity": 2}, "headers": {"Tag": "long"}}),
    ("GET", f"/things/{ID}?page=2", {}),
    ("GET", f"/things/{ID}?page=0", {}),
    ("GET", f"/things/{ID}", {"headers": {"Tag": "long"}}),
    ("GET", "/texts", {}),
    ("GET", "/told", {}),
]


@pytest.mark.parametrize(("method", "path", "sent"), OTHERS)
def test_what_does_not_fit_is_the_frameworks_to_answer(ways, method, path, sent):
    plain, direct, passed = ways
    passed.clear()
    assert answers(direct, method, path, **sent) == answers(plain, method, path, **sent)
    assert passed == [path.partition("?")[0]]


async def test_which_of_two_headers_counts_is_the_frameworks_to_say():
    """Sent as two, which the client above makes one."""
    passed = []

    def noting(app: ASGIApp) -> ASGIApp:
        async def layer(scope: Scope, receive: Receive, send: Send) -> None:
            passed.append([value for key, value in scope["headers"] if key == b"tag"])
            await app(scope, receive, send)

        return layer

    transport = httpx.ASGITransport(served(directing, noting))
    async with httpx.AsyncClient(transport=transport, base_url="http://souk") as client:
        await client.get(f"/things/{ID}", headers=[("Tag", "a"), ("Tag", "b")])
    assert passed == [[b"a", b"b"]]


@pytest.mark.parametrize("pieces", [[], [b'{"quantity"']], ids=["nothing", "a piece"])
async def test_a_body_that_breaks_off_is_the_senders_fault(pieces):
    came = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    came.append({"type": "http.disconnect"})
    told: list[Any] = []

    async def receive() -> Any:
        return came.pop(0)

    async def send(message: Any) -> None:
        told.append(message)

    path = f"/things/{ID}"
    where = {"path": path, "raw_path": path.encode(), "query_string": b"", "root_path": ""}
    sent = {"method": "POST", "headers": [(b"content-length", b"20")], "extensions": {}}
    await served(directing)({"type": "http", **where, **sent}, receive, send)
    start, body = told
    assert (start["status"], b'"code":"malformed"' in body["body"]) == (400, True)


def test_every_route_is_planned_but_those_that_stream_or_must_be_asked_something():
    routes = [route for route in http(lambda: None).routes if route.path.startswith("/api/v1")]
    plans = 0
    for route in routes:
        assert isinstance(route, HTTPRoute)
        for method, (handler, model) in route.route_handler_map.items():
            streams = handler.parsed_fn_signature.return_type.annotation is Stream
            asked = any(parameter.is_required for parameter in model.expected_query_params)
            if method != "OPTIONS" and not streams and not asked:
                plans += bool(Plan(handler, model))
    assert plans > 200
