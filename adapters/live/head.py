"""The head of a request, and what of it makes a WebSocket."""

import binascii
from base64 import b64decode
from urllib.parse import parse_qs, urlsplit

import h11
from wsproto.utilities import generate_accept_token

from adapters.live.peer import Refusal, Request

FIELDS = 128  # of a query: a hundred topics, and a ticket
VERSION = "13"


class Head:
    """Bytes until they are a whole head. ``most``: bytes of it."""

    __slots__ = ("_came", "_http", "_most")

    def __init__(self, most: int) -> None:
        self._came, self._most = 0, most
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=most)

    def feed(self, data: bytes, remote: str) -> Request | None:
        """None: it goes on. Raises Refusal."""
        self._came += len(data)
        try:
            self._http.receive_data(data)
            event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            status = error.error_status_hint
            raise Refusal(status, "too_large" if status == 431 else "malformed") from None
        if not isinstance(event, h11.Request):
            return None
        if self._came - len(self.rest) > self._most:
            raise Refusal(431, "too_large")
        return _request(event, remote)

    @property
    def rest(self) -> bytes:
        """What came after it."""
        return self._http.trailing_data[0]


def _request(event: h11.Request, remote: str) -> Request:
    headers: dict[str, str] = {}
    for name, value in event.headers:
        key, said = name.decode("ascii"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {said}" if key in headers else said
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        raise Refusal(400, "malformed", "no body is expected here")
    try:
        target = urlsplit(event.target.decode("ascii"))
        query = parse_qs(target.query, keep_blank_values=True, max_num_fields=FIELDS)
    except ValueError:
        raise Refusal(400, "malformed", "the target cannot be read") from None
    return Request(event.method.decode("ascii"), target.path, query, headers, remote)


def upgrade(request: Request) -> bytes:
    """The answer that makes this request a WebSocket. Raises Refusal."""
    if not _names(request, "upgrade", "websocket") or not _names(request, "connection", "upgrade"):
        raise Refusal(426, "upgrade_required", "this is a WebSocket", _asked())
    if request.headers.get("sec-websocket-version") != VERSION:
        raise Refusal(426, "upgrade_required", f"version {VERSION} of it", _asked())
    token = generate_accept_token(_key(request))
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + token + b"\r\n\r\n"
    )


def _asked() -> dict[str, str]:
    return {"Upgrade": "websocket", "Sec-WebSocket-Version": VERSION}


def _names(request: Request, header: str, token: str) -> bool:
    said = request.headers.get(header, "").lower()
    return token in (each.strip() for each in said.split(","))


def _key(request: Request) -> bytes:
    key = request.headers.get("sec-websocket-key", "")
    try:
        whole = len(b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        whole = False
    if not whole:
        raise Refusal(400, "malformed", "Sec-WebSocket-Key is 16 bytes in base64")
    return key.encode()
