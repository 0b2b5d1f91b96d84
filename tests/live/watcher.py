"""One subscriber that believes nothing: whatever it is told must be the very next thing."""

import json
import socket
import struct
import time

from tests.live.house import Raw, head, masked

LINGER = struct.pack("ii", 1, 0)
HEARD = ("snapshot", "resumed", "resync", "change", "changes")


class Watcher:
    """``position``: up to which it was told all; None: nothing yet. ``held``: documents by id."""

    def __init__(self, stage, books, tenant, topic, chosen):
        """``chosen``: whether a row of read.changes, by id and seller, is of the topic."""
        self.stage, self.books, self.tenant = stage, books, tenant
        self.topic, self._chosen = topic, chosen
        self.position, self.held = None, {}
        self.raw, self.kind, self.asked, self.wrong = None, "", False, False
        self.awaits = ""  # the answer to a subscription; what comes before it is of an earlier one
        self._leaving = 0  # topics left, of which we have not been told
        self.count = {"changes": 0, "resumes": 0, "resyncs": 0, "cuts": 0}

    @property
    def connected(self):
        return self.raw is not None

    def connect(self, kind, signed):
        self.kind = kind
        self.raw = Raw(self.stage.port, receive=16 * 1024)
        if kind == "websocket":
            self.raw.send(head(Authorization=f"Bearer {signed}"))
            self.subscribe()
        else:
            after = "" if self.position is None else f"Last-Event-ID: {self.position}\r\n"
            target = f"/api/v1/live/events?topic={self.topic}"
            self.raw.send(
                f"GET {target} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {signed}\r\n"
                f"{after}\r\n".encode()
            )
            self._await()

    def subscribe(self):
        after = {} if self.position is None else {"after": self.position}
        self._say(type="subscribe", topic=self.topic, **after)
        self._await()

    def unsubscribe(self):
        self._leaving, self.asked, self.awaits = self._leaving + 1, False, ""
        self._say(type="unsubscribe", topic=self.topic)

    def _say(self, **message):
        try:
            self.raw.send(masked(json.dumps(message).encode()))
        except OSError:
            self.cut()

    def _await(self):
        self.asked = True
        self.awaits = "snapshot" if self.position is None else "resumed"

    def cut(self, abruptly=True):
        if self.raw is None:
            return
        if abruptly:
            self.raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
        self.raw.close()
        self.raw, self.asked, self.awaits, self._leaving = None, False, "", 0
        self.count["cuts"] += 1

    def read(self, seconds=0.03):
        """What comes in that time."""
        messages, until, over = [], time.monotonic() + seconds, False
        while self.raw and not over and (left := until - time.monotonic()) > 0:
            self.raw.socket.settimeout(left)
            try:
                more = self.raw.socket.recv(1 << 16)
            except TimeoutError:
                break
            except OSError:
                more = b""
            over = not more
            self.raw.kept += more
            messages += self._messages()
        rows = self._rows() if messages else []
        self.wrong = True
        for message in messages:
            self._hear(message, rows)
        self.wrong = False
        if over:
            self.cut(abruptly=False)

    def _rows(self):
        written = self.books.written(self.tenant)
        return [row for row in written if self._chosen(row.id, row.seller)]

    def _messages(self):
        kept, found = self.raw.kept, []
        if kept.startswith(b"HTTP"):
            if b"\r\n\r\n" not in kept:
                return found
            if kept.split()[1] == b"503":  # come again
                kept.clear()
                return found
            assert kept.split()[1] in (b"101", b"200"), bytes(kept)
            del kept[: kept.index(b"\r\n\r\n") + 4]
        parts = self._frames(kept) if self.kind == "websocket" else _events(kept)
        return [json.loads(part) for part in parts]

    def _frames(self, kept):
        while len(kept) >= 2:
            size, start = kept[1], 2
            if size >= 126:
                start = 4 if size == 126 else 10
                size = int.from_bytes(kept[2:start], "big")
            if len(kept) < start + size or len(kept) < start:
                return
            opcode, payload = kept[0] & 15, bytes(kept[start : start + size])
            del kept[: start + size]
            if opcode == 1:
                yield payload

    def _hear(self, message, rows):
        kind = message["type"]
        if kind in ("hello", "bye", "close"):
            return
        assert message.get("topic") == self.topic, message
        if kind == "unsubscribed":
            assert self._leaving
            self._leaving -= 1
        elif not self._leaving and (self.awaits != "resumed" or kind == "resumed"):
            assert kind in HEARD, message
            getattr(self, f"_{kind}")(message, rows)

    def _resumed(self, message, rows):
        assert self.awaits == "resumed"
        assert message["position"] == self.position
        self.awaits = ""
        self.count["resumes"] += 1

    def _resync(self, message, rows):
        """Only when what is known is no base to go on from."""
        late = any(row.late for row in rows)
        assert late or self.position is None or self.books.purged() > self.position, message
        self.position, self.held, self.awaits = None, {}, "snapshot"
        self.count["resyncs"] += 1

    def _snapshot(self, message, rows):
        """All as it was at that position, but that what came late may not have come yet."""
        assert message["complete"]
        assert self.awaits == "snapshot"
        position = message["position"]
        told = {item["id"]: item["document"] for item in message["items"]}
        known = [row for row in rows if row.position <= position]
        late = sum(row.late and row.position == position for row in known)
        possible = [_fold(known[: len(known) - n]) for n in range(late + 1)]
        assert told in possible, (position, _names(told), [*map(_names, possible)])
        self.position, self.held, self.awaits = position, told, ""

    def _change(self, message, rows):
        self._changed(message["position"], {message["id"]: message["document"]}, rows)

    def _changes(self, message, rows):
        documents = {item["id"]: item["document"] for item in message["items"]}
        self._changed(message["position"], documents, rows)

    def _changed(self, position, documents, rows):
        """The next position there is, and whole; but what came late may not have come yet."""
        assert self.position is not None
        assert not self.awaits
        following = min(row.position for row in rows if row.position > self.position)
        assert position == following, (position, following, self.position)
        there = [row for row in rows if row.position == position]
        least = max(1, sum(not row.late for row in there))
        possible = [_fold(there[:n]) for n in range(least, len(there) + 1)]
        assert documents in possible, (position, _names(documents), [*map(_names, possible)])
        self.position = position
        self.held |= documents
        self.count["changes"] += 1

    def has_all(self):
        """Its state is the projection's, and no row is left that it was not told."""
        rows = self._rows()
        products = self.books.products(self.tenant)
        mine = {id: document for id, seller, document in products if self._chosen(id, seller)}
        ends = all(row.position <= (self.position or 0) for row in rows)
        return self.position is not None and ends and self.held == mine


def _fold(rows):
    return {row.id: row.document for row in rows}


def _names(documents):
    return {id[-1]: document and document["name"] for id, document in documents.items()}


def _events(kept):
    while (end := kept.find(b"\n\n")) >= 0:
        event = bytes(kept[:end])
        del kept[: end + 2]
        for line in event.split(b"\n"):
            if line.startswith(b"data: "):
                yield line[6:]
