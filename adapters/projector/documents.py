"""A table's documents as bytes: the JSON that is sent, and the personal part, sealed, beside it."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, Generic, NamedTuple, get_type_hints

import msgspec
from msgspec import UNSET, Raw

from adapters.log.codec import dec_hook, enc_hook
from domain.kernel import but
from projections.kernel import D, Document, Table


class Stored(NamedTuple):
    """A document as it lies in a row or in a change."""

    body: bytes
    personal: bytes | None

    def raw(self, body: str = "body") -> dict[str, Any]:
        """Both parts as they go into a larger JSON text, byte for byte."""
        return {body: Raw(self.body), "personal": self.personal and Raw(self.personal)}


class Documents(Generic[D]):
    """Encodes and decodes the documents of one table."""

    def __init__(self, table: Table[D]) -> None:
        self._table = table
        self._encoder = msgspec.json.Encoder(enc_hook=enc_hook)
        self._decoder = msgspec.json.Decoder(table.document, dec_hook=dec_hook)
        self._personal = self._personal_decoder()
        self._values = [column.value for column in table.columns.values()]

    def _personal_decoder(self) -> "msgspec.json.Decoder[Any] | None":
        hints = get_type_hints(self._table.document)
        if "personal" not in hints:
            return None
        return msgspec.json.Decoder(hints["personal"], dec_hook=dec_hook)

    def encode(self, document: D) -> Stored:
        if self._personal is None or (personal := getattr(document, "personal", UNSET)) is UNSET:
            return Stored(self._encoder.encode(document), None)
        body = self._encoder.encode(but(document, personal=UNSET))
        return Stored(body, self._encoder.encode(personal))

    def decode(self, stored: Stored) -> D:
        document = self._decoder.decode(stored.body)
        if self._personal is None or stored.personal is None:
            return document
        return but(document, personal=self._personal.decode(stored.personal))

    def columns(self, document: D) -> dict[str, Any]:
        return {name: column.value(document) for name, column in self._table.columns.items()}

    def texts(self, document: D) -> tuple[str | None, ...]:
        """The columns' values in Postgres's text format."""
        values = [value(document) for value in self._values]
        return tuple([_TEXTS.get(type(value), _text)(value) for value in values])

    def payload(self, rows: list[dict[str, Any]]) -> str:
        """Rows as one JSON parameter for ``json_to_recordset``."""
        return self._encoder.encode(rows).decode()


def _text(value: Any) -> str | None:
    match value:
        case list() | tuple():
            return f"{{{','.join(map(_element, value))}}}"
        case bool():
            return "true" if value else "false"
        case dict():
            return msgspec.json.encode(value).decode()
        case None:
            return None
    return str(value)


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    text = str(_text(value)).replace("\\", r"\\").replace('"', r"\"")
    return f'"{text}"'


_TEXTS: Mapping[type, Callable[[Any], str | None]] = {
    str: lambda text: text,
    int: int.__repr__,
    datetime: datetime.isoformat,
    date: date.isoformat,
}


def shape(table: Table[Any]) -> str:
    """A digest of what a table's rows look like; another one means building them again."""
    kind: type[Document] = table.document
    columns = [(name, column.type) for name, column in table.columns.items()]
    told = (table.name, _schema(kind), columns, table.indexes)
    described = msgspec.json.encode(told, order="sorted")
    return hashlib.sha256(described).hexdigest()[:16]


@cache
def _schema(document: type[Document]) -> Any:
    """Without what is said of it: no other word makes another row."""
    schema = msgspec.json.schema(document, schema_hook=lambda kind: {"title": kind.__name__})
    return _wordless(schema, properties=False)


def _wordless(part: Any, properties: bool) -> Any:
    """``properties``: the keys of ``part`` are names of fields."""
    if isinstance(part, list):
        return [_wordless(each, False) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        word: _wordless(each, word in ("properties", "$defs") and not properties)
        for word, each in part.items()
        if properties or word not in ("title", "description")
    }
