"""What a route takes besides its path and headers: query parameters, and a body or none. Anything
else is refused: a filter that is misspelt is not silently none, nor is an amount ignored."""

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.types import Scope
from msgspec import Struct

from entrypoints.http.authentication import QUERIES
from entrypoints.http.problems import Problem

LONGEST = 50  # characters of a name that is told again


class Nothing(Struct, forbid_unknown_fields=True):
    """What may be sent where there is nothing to say."""


_nothing = msgspec.json.Decoder(Nothing | tuple[()] | None).decode  # PHP writes {} as []


@dataclass(frozen=True, slots=True)
class Asks:
    """``names``: what the parameters may be called; None: anything. ``family``: what other names
    that they may have begin with. ``several``: those that may be sent more than once.
    ``bodiless``: a command that takes no body."""

    names: frozenset[str] | None
    family: str | None = None
    bodiless: bool = False
    several: frozenset[str] = frozenset()

    @classmethod
    def of(cls, handler: HTTPRouteHandler, model: Any) -> "Asks":
        """``model``: what the framework found out about how the handler is called."""
        if handler.opt.get("public"):  # files and pages, whose addresses others extend
            return ANYTHING
        names = frozenset(parameter.field_alias for parameter in model.expected_query_params)
        silent = "data" not in model.expected_reserved_kwargs
        bodiless = silent and handler.http_methods.isdisjoint(QUERIES)
        several = frozenset(model.sequence_query_parameter_names)
        return cls(names, handler.opt.get("family"), bodiless, several)

    def check(self, scope: Scope) -> None:
        """Raises Problem 400."""
        if self.names is None:
            return
        seen: set[str] = set()
        for name, _ in Request(scope).query_params.multi_items():
            told = f"{name[:LONGEST]}: " if name.isprintable() else ""
            if name not in self.names and not (self.family and name.startswith(self.family)):
                raise Problem(400, "malformed", f"{told}no such parameter")
            if name in seen and name not in self.several:
                raise Problem(400, "malformed", f"{told}sent twice")
            seen.add(name)

    async def check_body(self, request: Request[Any, Any, Any]) -> None:
        """Raises Problem 400."""
        if self.bodiless and (body := (await request.body()).strip()):
            try:
                _nothing(body)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                raise Problem(400, "malformed", "body: nothing is to be sent here") from None


ANYTHING = Asks(None)
