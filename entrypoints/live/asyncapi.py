"""AsyncAPI 3: the messages and topics of the live gateway, made of what the code itself uses."""

from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.metadata import version
from inspect import cleandoc
from typing import Any, get_type_hints

import msgspec

from adapters.live.change import ID
from entrypoints.live.kind import Kind
from entrypoints.live.kinds import BOARD, KINDS, TOTALS
from entrypoints.live.messages import RECEIVED, SENT, ChangedItem, Close, Item
from projections.analytics.sales import SALES_ID

SCHEMAS, MESSAGES = "#/components/schemas", "#/components/messages"
ABOUT = "A snapshot, or what was missed, and then every change of what one watches, once, in order."


@cache
def document() -> dict[str, Any]:
    """The whole page, as JSON values."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Souk, live", "version": version("souk"), "description": ABOUT},
        "defaultContentType": "application/json",
        "channels": _channels(),
        "operations": _operations(),
        "components": {
            "messages": {_name(kind): _message(kind) for kind in (*SENT, *RECEIVED)},
            "schemas": _schemas(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "ticket": {"type": "httpApiKey", "name": "ticket", "in": "query"},
            },
        },
    }


def _channels() -> dict[str, Any]:
    sockets = {
        "address": "/api/v1/live",
        "title": "WebSocket",
        "messages": _refs(kind for kind in (*SENT, *RECEIVED) if kind is not Close),
        "bindings": {"ws": {"method": "GET", "query": _query({"ticket": _text("one-use")})}},
    }
    topic = {"type": "array", "items": _text("a topic"), "minItems": 1}
    streams = {
        "address": "/api/v1/live/events",
        "title": "Server-sent events: the same messages, as data",
        "messages": _refs(SENT),
        "x-query": _query({"ticket": _text("one-use"), "topic": topic}),
    }
    topics = {f"topic-{n}": _topic(*each) for n, each in enumerate(_topics(), 1)}
    return {"socket": sockets, "events": streams} | topics


def _topics() -> list[tuple[str, Kind]]:
    kinds = [(pattern, kind) for kind in KINDS.values() for pattern in _patterns(kind)]
    board = f"{BOARD.context}?target={{target}}", BOARD
    return [*kinds, (f"{TOTALS.context}/{SALES_ID}", TOTALS), board]


def _patterns(kind: Kind) -> list[str]:
    filtered = [f"{kind.context}?{name}={{{name}}}" for name in kind.filters]
    return [f"{kind.context}/{{{kind.id}}}", *filtered, *([kind.context] if kind.whole else [])]


def _topic(pattern: str, kind: Kind) -> dict[str, Any]:
    """A channel inside the two others: what its documents are, and what it takes to watch it."""
    whose = "of another tier" if kind.tiers else "anyone's"
    wide = "" if _is_open(pattern, kind) else f"; {whose}: {(kind.under or kind).resource}:read_all"
    name = _shown(kind).__name__
    return {
        "title": pattern,
        "description": f"Needs {kind.permission}{wide}.",
        "address": None,
        "messages": {
            f"{name}{word}": {
                "name": word.lower(),
                "payload": {
                    "allOf": [
                        {"$ref": f"{SCHEMAS}/{word}"},
                        {"properties": {"document": _or_null({"$ref": f"{SCHEMAS}/{name}"})}},
                    ]
                },
            }
            for word in ("Change",)
        },
        "x-topic": pattern,
        "x-newest-wins": kind.newest_wins,
    }


def _is_open(pattern: str, kind: Kind) -> bool:
    filter = pattern.partition("?")[2].partition("=")[0]
    return kind.open(ID if "/" in pattern else kind.filters.get(filter, 0))


def _operations() -> dict[str, Any]:
    return {
        f"{action}-{_name(kind)}": {
            "action": action,
            "channel": {"$ref": "#/channels/socket"},
            "messages": [{"$ref": f"#/channels/socket/messages/{_name(kind)}"}],
        }
        for action, kinds in (("send", SENT), ("receive", RECEIVED))
        for kind in kinds
        if kind is not Close
    }


def _message(kind: type[Any]) -> dict[str, Any]:
    return {
        "name": _name(kind),
        "title": kind.__name__,
        "summary": _about(kind),
        "payload": {"$ref": f"{SCHEMAS}/{kind.__name__}"},
    }


def _schemas() -> dict[str, Any]:
    documents = {_shown(kind).__name__: _shown(kind) for kind in (*KINDS.values(), TOTALS)}
    _, parts = msgspec.json.schema_components(
        [*SENT, *RECEIVED, Item, ChangedItem, *documents.values()],
        ref_template=SCHEMAS + "/{name}",
    )
    return parts


@cache
def _shown(kind: Kind) -> type[Any]:
    """A document as it is pushed: without what is personal; some share a name with a message."""
    hints = get_type_hints(kind.table.document)
    parts = [(name, of) for name, of in hints.items() if name != "personal"]
    about = {"__doc__": cleandoc(kind.table.document.__doc__ or "")}
    name = f"{kind.context.title()}{kind.table.document.__name__}"
    return msgspec.defstruct(name, parts, namespace=about)


def _refs(kinds: Iterable[type[Any]]) -> dict[str, Any]:
    return {_name(kind): {"$ref": f"{MESSAGES}/{_name(kind)}"} for kind in kinds}


def _name(kind: type[Any]) -> str:
    return str(kind.__struct_config__.tag)


def _about(kind: type[Any]) -> str:
    return " ".join(cleandoc(kind.__doc__ or "").split()) if kind.__doc__ else ""


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _query(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def page(told: dict[str, Any]) -> str:
    """A small page for people; the JSON has it all."""
    messages, channels = told["components"]["messages"], told["channels"]
    ways = {
        name: way
        for way in ("send", "receive")
        for name in messages
        if f"{way}-{name}" in told["operations"]
    }
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code><td>{'from' if ways.get(name) == 'receive' else 'to'}"
        f" the client<td>{escape(message['summary'])}"
        for name, message in messages.items()
    )
    topics = "".join(
        f"<tr><td><code>{escape(channel['x-topic'])}</code><td>{escape(channel['description'])}"
        for channel in channels.values()
        if "x-topic" in channel
    )
    return PAGE.format(
        title=escape(told["info"]["title"]), about=escape(ABOUT), rows=rows, topics=topics
    )


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;width:100%}}td,th{{border-bottom:1px solid #ccc;padding:.3rem;
text-align:left;vertical-align:top}}</style>
<h1>{title}</h1><p>{about}</p>
<p>The whole of it, with every schema: <a href="/docs/asyncapi.json">AsyncAPI 3</a>.
WebSocket at <code>/api/v1/live</code>, server-sent events at <code>/api/v1/live/events</code>.</p>
<h2>Messages</h2><table><tr><th>type<th>way<th>what it says{rows}</table>
<h2>Topics</h2><table><tr><th>topic<th>who{topics}</table></html>"""
