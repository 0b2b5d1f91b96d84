"""What a route takes besides its path: query parameters, and a body or none. Anything else is
refused: a filter that is misspelt is not silently none, nor is an amount ignored.

Nor is a kind taken for another. The framework reads a body as it reads a query, where all is text:
`"null"` as null, 1 as true, `"3"` as 3. JSON has kinds of its own; and in a query `null` is a word.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.types import Receive, Scope
from litestar.utils.scope.state import ScopeState
from msgspec import Struct

from entrypoints.http.authentication import QUERIES
from entrypoints.http.problems import Problem

LONGEST = 50  # characters of a name that is told again
OTHERWISE = "got `float`"  # in the words of the library that reads JSON
EXACT = 2**53  # up to which every whole number is a float, and no two are the same
UNFIT = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Nothing(Struct, forbid_unknown_fields=True):
    """What may be sent where there is nothing to say."""


_nothing = msgspec.json.Decoder(Nothing | tuple[()] | None).decode  # PHP writes {} as []


def _number(written: str) -> int | float:
    value = float(written)
    return int(value) if value.is_integer() and abs(value) < EXACT else value


_plain = msgspec.json.Decoder(float_hook=_number).decode


@dataclass(frozen=True, slots=True)
class Asks:
    """``names``: what the parameters may be called; None: anything. ``family``: what other names
    that they may have begin with. ``several``: those that may be sent more than once.
    ``bodiless``: a command that takes no body. ``nullable``: the parameters, and the headers in
    lower case, that would take the word null for nothing. ``body``: what it is to be."""

    names: frozenset[str] | None
    family: str | None = None
    bodiless: bool = False
    several: frozenset[str] = frozenset()
    nullable: frozenset[str] = frozenset()
    headers: frozenset[bytes] = frozenset()
    body: "Body | None" = None

    @classmethod
    def of(cls, handler: HTTPRouteHandler, model: Any) -> "Asks":
        """``model``: what the framework found out about how the handler is called."""
        if handler.opt.get("public"):  # files and pages, whose addresses others extend
            return ANYTHING
        names = frozenset(parameter.field_alias for parameter in model.expected_query_params)
        silent = "data" not in model.expected_reserved_kwargs
        bodiless = silent and handler.http_methods.isdisjoint(QUERIES)
        several = frozenset(model.sequence_query_parameter_names)
        models = models_of(handler, model)
        return cls(
            names,
            handler.opt.get("family"),
            bodiless,
            several,
            frozenset(_nullable(model.expected_query_params, models)),
            frozenset(
                name.lower().encode() for name in _nullable(model.expected_header_params, models)
            ),
            None if silent else Body(_kinds("data", models)[0]),
        )

    def check(self, scope: Scope) -> None:
        """Raises Problem 400."""
        if self.names is None:
            return
        seen: set[str] = set()
        for name, value in Request(scope).query_params.multi_items():
            told = f"{name[:LONGEST]}: " if name.isprintable() else ""
            if name not in self.names and not (self.family and name.startswith(self.family)):
                raise Problem(400, "malformed", f"{told}no such parameter")
            if name in seen and name not in self.several:
                raise Problem(400, "malformed", f"{told}sent twice")
            if name in self.nullable and value.lower() == "null":
                raise Problem(400, "malformed", f"{told}leave it out for none")
            seen.add(name)

    def check_headers(self, scope: Scope) -> None:
        """Raises Problem 400."""
        for name, value in scope["headers"]:
            if name in self.headers and value.lower() == b"null":
                raise Problem(400, "malformed", f"{name.decode()}: leave it out for none")

    async def check_body(self, scope: Scope, receive: Receive) -> None:
        """Of a command that takes none, which has none from here on, however that was said: a key
        is bound to it. Raises Problem 400."""
        if body := (await Request(scope, receive).body()).strip():
            try:
                _nothing(body)
            except UNFIT:
                raise Problem(400, "malformed", "body: nothing is to be sent here") from None
        ScopeState.from_scope(scope).body = b""

    async def check_kinds(self, request: Request[Any, Any, Any]) -> None:
        """Of what a body is made of. Raises Problem 400."""
        if self.body is not None:
            self.body.check(await request.body())


class Body:
    """``kind``: the type that it is read as."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._read = msgspec.json.Decoder(kind).decode
        self._read_as_a_query = msgspec.json.Decoder(kind, strict=False).decode

    def read(self, body: bytes) -> Any:
        """Raises one of UNFIT. A whole number is one however it is written, 3.0 or 1e3."""
        try:
            return self._read(body)
        except msgspec.ValidationError as error:
            if OTHERWISE not in str(error):
                raise
        self._read_as_a_query(body)  # in no time, that what is large and does not fit takes none
        return msgspec.convert(_plain(body), self._kind, str_keys=True)

    def check(self, body: bytes) -> None:
        """Raises Problem 400 for one that only the framework would take. What is wrong with any
        other is the framework's to say."""
        with suppress(*UNFIT):
            self._read_as_a_query(body)
            try:
                self.read(body)
            except msgspec.ValidationError as error:
                told, _, place = str(error).partition(" - at `$")
                at = place.strip(".`") or "body"  # as the framework says it
                raise Problem(400, "malformed", f"{at}: {told}") from None


def models_of(handler: HTTPRouteHandler, model: Any) -> list[Any]:
    """What the handler and its dependencies want, by name."""
    needed = (d.provide for batch in model.dependency_batches for d in batch)
    return [handler.signature_model, *(provide.signature_model for provide in needed)]


def _kinds(name: str, models: Iterable[Any]) -> list[Any]:
    return [m.__annotations__[name] for m in models if name in m._fields]


def _nullable(parameters: Iterable[Any], models: Iterable[Any]) -> Iterator[str]:
    for parameter in parameters:
        for kind in _kinds(parameter.field_name, models):
            with suppress(Exception):  # it takes no such word
                if msgspec.convert("null", kind, strict=False) is None:
                    yield parameter.field_alias


ANYTHING = Asks(None)
