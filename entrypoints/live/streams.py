"""What event streams need beside sockets: an id on each message that a reader can resume from."""

from adapters.live.peer import Frame, Key, Peer, Refusal, Request
from entrypoints.live.messages import MOST

LONGEST = 100  # topics


class Numbered:
    """One topic of a stream. The stream's id holds the positions of all its topics, in their
    order: a browser sends back the id of the last message it has, and no other."""

    __slots__ = ("_index", "_peer", "_positions")

    def __init__(self, peer: Peer, positions: list[str], index: int) -> None:
        self._peer, self._positions, self._index = peer, positions, index

    def send(self, frame: Frame) -> None:
        if frame.id:
            self._positions[self._index] = frame.id
        if len(self._positions) > 1:
            frame = Frame(frame.json, ",".join(self._positions))
        self._peer.send(frame)

    def latest(self, key: Key, frame: Frame) -> None:
        """In its turn: a message that waits for a newer one would have an older id than those
        that overtake it."""
        self.send(frame)


def topics(request: Request) -> list[str]:
    """Raises Refusal when there is none, or too many."""
    wanted = list(dict.fromkeys(request.query.get("topic", ())))
    if not 1 <= len(wanted) <= LONGEST:
        raise Refusal(400, "malformed", f"name 1 to {LONGEST} topics: ?topic=…")
    return wanted


def positions(request: Request, count: int) -> list[int | None]:
    """Where each topic is to go on. Raises Refusal for an id that was never sent."""
    parts = request.headers.get("last-event-id", "").split(",")
    if parts == [""]:
        return [None] * count
    numbers = [int(part) if _is_number(part) else None for part in parts]
    if len(parts) != count or any(
        number is None and part for number, part in zip(numbers, parts, strict=True)
    ):
        raise Refusal(400, "malformed", "Last-Event-ID: one position for each topic")
    return numbers


def _is_number(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) < 20 and int(part) <= MOST
