"""One plain ASGI layer, the innermost: what fits a route goes straight to its handler.

What a handler and its dependencies want is worked out once for each route, and filled in by a few
lookups; the framework's own way took several times as long as a command itself. Whatever does not
fit goes that way all the same, and there it is said what is wrong with it: what a route takes is
laid down in one place.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from types import UnionType
from typing import Any, NamedTuple, TypeAlias, get_args

import msgspec
from litestar import Request, Response
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send
from litestar.utils.scope.state import ScopeState
from msgspec import Struct

from entrypoints.http.answers import Ready
from entrypoints.http.asking import ANYTHING, UNFIT, Asks, Body, models_of
from entrypoints.http.authentication import QUERIES
from entrypoints.http.problems import Problem, handle

GIVEN = {"data", "request", "scope"}  # what may be wanted besides parameters and dependencies
SMALL = 1 << 20  # bytes, under every limit of a body
Values: TypeAlias = dict[str, Any]
Read: TypeAlias = Callable[[Any], Any]


class Unplanned(Exception):
    """Only the framework knows how to call this."""


class Way(NamedTuple):
    plan: "Plan | None"
    asks: Asks


class Step:
    """A dependency, or the handler itself, called with what it wants by name."""

    def __init__(self, name: str, function: Callable[..., Any], waits: bool, model: Any) -> None:
        self.name, self._function, self._waits = name, function, waits
        self._wants: tuple[str, ...] = tuple(model._fields)

    async def __call__(self, values: Values) -> Any:
        found = self._function(**{name: values[name] for name in self._wants})
        return await found if self._waits else found


class Plan:
    """How one route's handler is called. ``model``: what the framework found out about that.

    Raises Unplanned.
    """

    def __init__(self, handler: HTTPRouteHandler, model: Any) -> None:
        needed = [(d.key, d.provide) for batch in model.dependency_batches for d in batch]
        _check(handler, model, [provide for _, provide in needed])
        models = models_of(handler, model)
        headers = model.expected_header_params
        self._asks = bool(model.expected_query_params)
        self._unsaid = {p.field_name: p.default for p in (*model.expected_query_params, *headers)}
        self._path = [
            (p.field_name, p.field_alias, _reading(p.field_name, models))
            for p in model.expected_path_params
        ]
        self._headers = {_spelt(p): (p.field_name, _reading(p.field_name, models)) for p in headers}
        self._needed = {_spelt(p) for p in headers if _is_needed(p)}
        self._body: Read | None = None
        if "data" in model.expected_reserved_kwargs:
            self._body = Body(_wanted("data", models)).read
        self._steps = [
            Step(key, p.dependency, not p.has_sync_callable, p.signature_model) for key, p in needed
        ]
        waits = not handler.has_sync_callable
        self._handler = Step("", handler.fn, waits, handler.signature_model)
        self._status = handler.status_code

    async def filled(self, request: Request[Any, Any, Any]) -> Values | None:
        """What was sent, by the names that it is wanted by. None: it does not fit."""
        scope = request.scope
        if self._asks and scope["query_string"]:
            return None
        values = {**self._unsaid, "request": request, "scope": scope}
        try:
            for name, alias, read in self._path:
                values[name] = read(scope["path_params"][alias])
            if self._headers and not self._take(scope["headers"], values):
                return None
            if self._body is not None:
                values["data"] = self._body(await request.body())
        except UNFIT:
            return None
        return values

    def _take(self, headers: Iterable[tuple[bytes, bytes]], values: Values) -> bool:
        found = set()
        for key, value in headers:
            if key in self._headers:
                if key in found:
                    return False  # which of the two is the framework's to say
                found.add(key)
                name, read = self._headers[key]
                values[name] = read(value.decode("latin-1"))
        return self._needed <= found

    async def answer(self, values: Values) -> ASGIResponse:
        """Raises whatever the handler and its dependencies do."""
        for step in self._steps:
            values[step.name] = await step(values)
        found = await self._handler(values)
        if isinstance(found, ASGIResponse):
            return found
        return Ready.json(self._status, msgspec.json.encode(found))


def directing(app: ASGIApp) -> ASGIApp:
    """The layer."""
    ways: dict[tuple[object, str], Way] = {}

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        route = scope["route_handler"], scope["path_template"]
        if route not in ways:
            ways[route] = _way(scope)
        way = ways[route]
        if scope["query_string"]:
            way.asks.check(scope)
        if way.asks.headers:
            way.asks.check_headers(scope)
        if scope.get("method") not in QUERIES:
            receive = await _whole(scope, receive)
        if way.asks.bodiless:
            await way.asks.check_body(scope, receive)
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        plan, response = way.plan, None
        try:
            if plan and (values := await plan.filled(request)) is not None:
                response = await plan.answer(values)
            else:
                await way.asks.check_kinds(request)
        except Exception as error:
            told: Response[Any] = handle(request, error)
            response = told.to_asgi_response(None, request)
        await (app if response is None else response)(scope, receive, send)

    return layer


async def _whole(scope: Scope, receive: Receive) -> Receive:
    """Takes the body of a request that comes in one piece, as small ones do. Any other is the
    framework's to read and to measure, by what is returned. Raises Problem 400 for one that breaks
    off, which the framework takes for a failure of ours."""
    first = await _piece(receive)
    if first["type"] == "http.request" and not first["more_body"] and len(first["body"]) <= SMALL:
        ScopeState.from_scope(scope).body = first["body"]
        return receive
    pending = [first]

    async def again() -> Any:
        return pending.pop() if pending else await _piece(receive)

    return again


async def _piece(receive: Receive) -> Any:
    if (piece := await receive())["type"] == "http.disconnect":
        raise Problem(400, "malformed", "the body breaks off")
    return piece


def _way(scope: Scope) -> Way:
    template, handler = scope["path_template"], scope["route_handler"]
    for route in scope["litestar_app"].routes:
        if isinstance(route, HTTPRoute) and route.path_format == template:
            for known, model in route.route_handler_map.values():
                if known is handler:
                    return Way(_planned(known, model), Asks.of(known, model))
    return Way(None, ANYTHING)


def _planned(handler: HTTPRouteHandler, model: Any) -> Plan | None:
    with suppress(Unplanned):
        return Plan(handler, model)
    return None


def _check(handler: HTTPRouteHandler, model: Any, provides: Iterable[Provide]) -> None:
    """Raises Unplanned for what is not said in a plan."""
    if (
        model.expected_reserved_kwargs - GIVEN
        or model.expected_cookie_params
        or model.expected_form_data
        or model.expected_msgpack_data
        or model.expected_data_dto
        or model.is_data_optional
        or any(_is_needed(p) for p in model.expected_query_params)
        or any(p.use_cache or p.has_sync_generator_dependency for p in provides)
        or any(p.has_async_generator_dependency for p in provides)
        or handler.resolve_guards()
        or handler.resolve_before_request()
        or handler.resolve_after_response()
        or handler.resolve_response_cookies()
        or not all(header.documentation_only for header in handler.resolve_response_headers())
        or handler.cache
        or handler.background
        or not _is_answered_plainly(handler)
    ):
        raise Unplanned


def _is_answered_plainly(handler: HTTPRouteHandler) -> bool:
    """By a Struct, or by bytes that are ready."""
    answered = handler.parsed_fn_signature.return_type.annotation
    kinds = get_args(answered) if isinstance(answered, UnionType) else (answered,)
    return answered is ASGIResponse or all(
        isinstance(kind, type) and issubclass(kind, Struct) for kind in kinds
    )


def _is_needed(parameter: Any) -> bool:
    return bool(parameter.is_required) or parameter.default is Ellipsis


def _spelt(header: Any) -> bytes:
    """A header's name as servers give it."""
    return str(header.field_alias).lower().encode()


def _wanted(name: str, models: Iterable[Any]) -> Any:
    """The one type that a name stands for. Raises Unplanned where there are two."""
    first, *others = [m.__annotations__[name] for m in models if name in m._fields]
    if any(other != first for other in others):
        raise Unplanned
    return first


def _reading(name: str, models: Iterable[Any]) -> Read:
    return partial(msgspec.convert, type=_wanted(name, models), strict=False)
