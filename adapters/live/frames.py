"""RFC 6455 as a server reads it: bytes to whole messages. What is sent is in peer.py and here."""

from collections.abc import Iterator

from msgspec import Struct
from wsproto.frame_protocol import FrameProtocol, Opcode, ParseFailed

PING = b"\x89\x00"
NORMAL, GOING, BAD, BINARY, TOO_BIG, POLICY, INTERNAL = 1000, 1001, 1002, 1003, 1009, 1008, 1011
RESTART, SLOW = 1012, 1013
NONE = 1005  # what a close without a code counts as; never sent


class Message(Struct, frozen=True):
    text: str


class Pinged(Struct, frozen=True):
    payload: bytes


class Ponged(Struct, frozen=True):
    pass


class Closed(Struct, frozen=True):
    """``code``: 1005 when the client gave none."""

    code: int


class Broken(Exception):
    """What came is no conversation with us; the close code says why."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code, self.why = code, why


Event = Message | Pinged | Ponged | Closed


class Incoming:
    """What one client is in the middle of sending. ``most``: bytes of a whole message."""

    __slots__ = ("_length", "_most", "_parts", "_protocol")

    def __init__(self, most: int) -> None:
        self._most = most
        self._protocol = FrameProtocol(client=False, extensions=[])
        self._parts: list[str] = []
        self._length = 0

    @property
    def idle(self) -> bool:
        """Nothing half-received is in here: it may be thrown away."""
        frames, messages = self._protocol._frame_decoder, self._protocol._message_decoder
        return not len(frames.buffer) and frames.header is None and messages.opcode is None

    def feed(self, data: bytes) -> Iterator[Event | None]:
        """What became whole with these bytes; None: a frame that is no whole message ended.

        Raises Broken.
        """
        self._protocol.receive_bytes(data)
        try:
            for frame in self._protocol.received_frames():
                event = self._event(frame.opcode, frame.payload, frame.message_finished)
                if event or frame.frame_finished:
                    yield event
        except ParseFailed as error:
            raise Broken(int(error.code), str(error)) from None

    def _event(
        self, opcode: Opcode, payload: bytes | str | tuple[int, str], finished: bool
    ) -> Event | None:
        match opcode, payload:
            case Opcode.TEXT, str(text):
                return self._text(text, finished)
            case Opcode.PING, bytes(told):
                return Pinged(told)
            case Opcode.PONG, _:
                return Ponged()
            case Opcode.CLOSE, (int(code), _):
                return Closed(int(code))
        raise Broken(BINARY, "text messages only")

    def _text(self, text: str, finished: bool) -> Message | None:
        self._length += len(text.encode())
        if self._length > self._most:
            raise Broken(TOO_BIG, f"at most {self._most} bytes")
        self._parts.append(text)
        if not finished:
            return None
        whole = "".join(self._parts)
        self._parts, self._length = [], 0
        return Message(whole)


def pong(payload: bytes) -> bytes:
    """``payload``: of the ping, at most 125 bytes."""
    return bytes((0x8A, len(payload))) + payload


def closing(code: int, reason: str = "") -> bytes:
    """A close frame; without a body for 1005. A reason too long for it is shortened."""
    if code == NONE:
        return b"\x88\x00"
    body = code.to_bytes(2, "big") + reason.encode()[:123].decode(errors="ignore").encode()
    return bytes((0x88, len(body))) + body
