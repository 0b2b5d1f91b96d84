"""The query parameters that a route takes; any other is refused, as fields of bodies are: a filter
that is misspelt is not silently none."""

from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.types import Scope

from entrypoints.http.problems import Problem

LONGEST = 50  # characters of a name that is told again


@dataclass(frozen=True, slots=True)
class Asks:
    """``names``: what the parameters may be called; None: anything. ``family``: what other names
    that they may have begin with."""

    names: frozenset[str] | None
    family: str | None = None

    @classmethod
    def of(cls, handler: HTTPRouteHandler, model: Any) -> "Asks":
        """``model``: what the framework found out about how the handler is called."""
        if handler.opt.get("public"):  # files and pages, whose addresses others extend
            return ANYTHING
        names = frozenset(parameter.field_alias for parameter in model.expected_query_params)
        return cls(names, handler.opt.get("family"))

    def check(self, scope: Scope) -> None:
        """Raises Problem 400."""
        if self.names is None:
            return
        for name in Request(scope).query_params:
            if name not in self.names and not (self.family and name.startswith(self.family)):
                told = f"{name[:LONGEST]}: " if name.isprintable() else ""
                raise Problem(400, "malformed", f"{told}no such parameter")


ANYTHING = Asks(None)
