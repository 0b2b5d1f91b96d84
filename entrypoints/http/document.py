"""The OpenAPI document, with names and words that generators of clients can make good use of."""

import asyncio
import re
from dataclasses import dataclass, fields
from inspect import cleandoc
from typing import Any

from litestar import Litestar, Request
from litestar.exceptions import ImproperlyConfiguredException, NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import OpenAPI, Schema
from litestar.plugins import OpenAPISchemaPlugin
from litestar.types import Method
from litestar.types.internal_types import PathParameterDefinition
from litestar.typing import FieldDefinition
from msgspec import Struct

SCHEMAS = "#/components/schemas/"
ROOT = ["api", "v1"]
SHOWN = {"example", "examples", "default"}  # what others send, not what it looks like
# What the framework calls a page of products: Listed_projections.catalog.rows.Product_
GENERIC = re.compile(r"(?P<kind>\w+?)_(?:\w+\.)*(?P<of>\w+)_$")


class Structs(OpenAPISchemaPlugin):
    """What a class says of itself goes along: units, and what null stands for."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        return not field_definition.is_union and field_definition.is_subclass_of(Struct)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        usual = (plugin for plugin in schema_creator.plugins if plugin is not self)
        able = (plugin for plugin in usual if plugin.is_plugin_supported_field(field_definition))
        schema: Schema = next(able).to_openapi_schema(field_definition, schema_creator)
        schema.description = _marked(cleandoc(field_definition.type_.__doc__ or "")) or None
        return schema


@dataclass
class Described(OpenAPIConfig):
    def to_openapi_schema(self) -> OpenAPI:
        made = super().to_openapi_schema()
        return Document(**{field.name: getattr(made, field.name) for field in fields(made)})


@dataclass
class Document(OpenAPI):
    """Each schema is called as its class, and a generic one as its class and what it is of:
    ListedProduct. Where a class happens to be is nobody's business."""

    _schema = None  # no field of the document

    def to_schema(self) -> dict[str, Any]:
        if self._schema is None:
            self._schema = self._made()
        return self._schema

    def _made(self) -> dict[str, Any]:
        made = super().to_schema()
        named = {name: _named(name) for name in made["components"]["schemas"]}
        if len(set(named.values())) < len(named):
            raise ImproperlyConfiguredException("two classes of the API share a name")
        names = {SCHEMAS + old: SCHEMAS + new for old, new in named.items()}
        document: dict[str, Any] = _renamed(made, names)
        schemas = document["components"]["schemas"]
        document["components"]["schemas"] = {
            new: schemas[old] | {"title": new} for old, new in named.items()
        }
        return document


class Building:
    """Makes the document when it is asked for at first: once, and in a thread, for it takes about a
    second, in which nobody else would be answered."""

    def __init__(self) -> None:
        self._built: asyncio.Task[None] | None = None

    async def before(self, request: Request[Any, Any, Any]) -> None:
        """Before every page that is made of it."""
        if "path" in request.path_params:
            raise NotFoundException  # which the framework would tell as a page of its own
        if self._built is None or _is_lost(self._built):
            self._built = asyncio.create_task(asyncio.to_thread(_build, request.app))
        await asyncio.shield(self._built)


def _build(app: Litestar) -> None:
    app.openapi_schema.to_schema()


def _is_lost(task: asyncio.Task[None]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def operation_id(
    handler: HTTPRouteHandler, method: Method, path: list[str | PathParameterDefinition]
) -> str:
    """The fixed words of the path and those of the handler: catalogProductsCreate. One that has
    several paths is called as each of them."""
    fixed = [part for part in path if isinstance(part, str)]
    told = _words(*(fixed[len(ROOT) :] if fixed[: len(ROOT)] == ROOT else fixed))
    name = _words(handler.handler_name)
    if len(handler.paths) == 1 and told[-len(name) :] != name:
        told += name
    return told[0] + "".join(word.title() for word in told[1:])


def _words(*parts: str) -> list[str]:
    return [word for part in parts for word in re.split(r"[^a-zA-Z0-9]+", part) if word]


def _named(name: str) -> str:
    generic = GENERIC.fullmatch(name)
    return f"{generic['kind']}{generic['of']}" if generic else name


def _renamed(part: Any, names: dict[str, str]) -> Any:
    """With its references under their new names, and without alternatives of which there is only
    one, which the framework writes for what may be left out."""
    if isinstance(part, list):
        return [_renamed(each, names) for each in part]
    if not isinstance(part, dict):
        return part
    if part.get("in") in ("query", "header"):
        part = part | {"schema": _sent(part["schema"])}
    if "oneOf" in part and "format" in part:
        part = _formatted(part)
    if len(part.get("oneOf", ())) == 1:
        (only,) = part["oneOf"]
        part = {word: each for word, each in part.items() if word != "oneOf"} | only
    if part.get("$ref") in names:
        part = part | {"$ref": names[part["$ref"]]}
    if isinstance(part.get("description"), str):
        part = part | {"description": _marked(part["description"])}
    return {word: each if word in SHOWN else _renamed(each, names) for word, each in part.items()}


def _formatted(part: dict[str, Any]) -> dict[str, Any]:
    """How a text is written, said of the text and not of the null beside it."""
    said = {"format": part["format"]}
    kinds = [kind | said if kind.get("type") == "string" else kind for kind in part["oneOf"]]
    return {word: each for word, each in part.items() if word != "format"} | {"oneOf": kinds}


def _marked(text: str) -> str:
    """As Markdown has it."""
    return text.replace("``", "`")


def _sent(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is there or it is not: nobody can send null."""
    if "oneOf" in schema:
        return schema | {"oneOf": [kind for kind in schema["oneOf"] if kind.get("type") != "null"]}
    if isinstance(schema.get("type"), list):
        (kind,) = (kind for kind in schema["type"] if kind != "null")
        schema = schema | {"type": kind}
    if "enum" in schema:
        schema = schema | {"enum": [word for word in schema["enum"] if word is not None]}
    return schema
