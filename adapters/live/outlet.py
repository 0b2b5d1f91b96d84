"""What is sent to one reader, and what happens when the network does not take it."""

import asyncio
from abc import abstractmethod
from collections import deque
from enum import IntEnum
from typing import Protocol

from adapters.live.frames import SLOW
from adapters.live.peer import Frame, Key, Limits, Peer, Session


class State(IntEnum):
    ENTERING = 0  # Accept has it: what is sent waits for the upgrade
    FLOWING = 1
    PAUSED = 2  # the network takes nothing more
    CLOSING = 3
    CLOSED = 4


ENTERING, FLOWING, PAUSED, CLOSING, CLOSED = State


class House(Protocol):
    """What readers need of the server they are at."""

    limits: Limits

    def entered(self, outlet: "Outlet") -> None: ...

    def ending(self, outlet: "Outlet") -> None:
        """It has ``farewell`` seconds to go by itself, then ``abort`` is called."""

    def left(self, outlet: "Outlet", cut: bool) -> None: ...

    def flush_soon(self, outlet: "Outlet") -> None:
        """``flush`` is called when everything that happens now has happened."""

    def joined(self, first: bytes, then: bytes) -> bytes:
        """One behind the other; the same object for all who are sent the same."""
        ...


JOINED = 16 * 1024  # bytes, from which on nothing more is put behind them


def bye(retry_in: float) -> Frame:
    return Frame(b'{"type":"bye","retry_in":%.2f}' % retry_in)


class Outlet(asyncio.Protocol, Peer):
    """The half of a reader that sockets and event streams share. Small: there are thousands."""

    __slots__ = (
        "_cut",
        "_held",
        "_house",
        "_left",
        "_newest",
        "_next",
        "_room",
        "_session",
        "_silent",
        "_state",
        "_transport",
        "_waiting",
    )

    def __init__(self, house: House, transport: asyncio.Transport) -> None:
        self._house, self._transport = house, transport
        self._state = ENTERING
        self._session: Session | None = None
        self._next = b""  # what is sent at the end of this turn of the loop, in one piece
        self._waiting: deque[bytes] | None = None
        self._newest: dict[Key, bytes] | None = None  # in the order of their coming: positions rise
        self._held = 0  # bytes in those two
        self._room: asyncio.Event | None = None
        self._left = 0  # bytes that the network had not taken at the last beat
        self._silent = 0  # beats since the other side was last known to be there
        self._cut = False

    @property
    def closed(self) -> bool:
        return self._state >= CLOSING

    async def drained(self) -> None:
        while self._state is PAUSED:
            if self._room is None:
                self._room = asyncio.Event()
            await self._room.wait()

    def enter(self, session: Session, head: bytes) -> None:
        """The upgrade is granted: send its head, then what was said meanwhile."""
        self._session = session
        said = b"".join(self._waiting or ())
        self._waiting, self._held = None, 0
        self._transport.set_protocol(self)
        self._house.entered(self)
        if self._state is ENTERING:
            self._state = FLOWING
            self._transport.write(head + said)
        else:
            self._transport.write(head + said)
            self._end()

    def push(self, data: bytes) -> None:
        """Send bytes that are ready for the wire, or keep them within the bounds.

        What is sent within one turn of the loop costs one call of the network, not several: most
        of what a message costs is that call."""
        if self._state is FLOWING:
            if not self._next:
                self._next = data
                self._house.flush_soon(self)
            elif len(self._next) < JOINED:
                self._next = self._house.joined(self._next, data)
            else:
                self.flush()
                self.push(data)
        elif self._state < CLOSING:
            self._hold(data)

    def flush(self) -> None:
        data, self._next = self._next, b""
        if data and self._state is FLOWING:
            self._transport.write(data)
        elif data and self._state is PAUSED:
            self._hold(data)

    def newest(self, key: Key, data: bytes) -> None:
        if len(self._next) >= JOINED:
            self.flush()
        if self._state is not PAUSED:
            self.push(data)
            return
        if self._newest is None:
            self._newest = {}
        self._held += len(data) - len(self._newest.pop(key, b""))
        self._newest[key] = data
        self._bound()

    def forget(self, topic: str) -> None:
        waiting = self._newest or {}
        for key in [key for key in waiting if key[0] == topic]:
            self._held -= len(waiting.pop(key))

    def _hold(self, data: bytes) -> None:
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(data)
        self._held += len(data)
        if self._state is PAUSED:
            self._bound()

    def _bound(self) -> None:
        limits, many = self._house.limits, len(self._waiting or ()) + len(self._newest or ())
        if many > limits.frames or (self._held > limits.outbox and many > 1):
            self.cut()

    def cut(self) -> None:
        """It does not keep up: what waits is thrown away, it is told so, if it ever reads."""
        self._cut = True
        self._forget()
        self.close(SLOW, "reads too slowly")

    def end(self, last: bytes) -> None:
        """Send everything that waits, then ``last``, then go."""
        if self._state is ENTERING:
            self._hold(last)
            self._state = CLOSING
        elif self._state < CLOSING:
            self.flush()
            for data in (*(self._waiting or ()), *(self._newest or {}).values(), last):
                self._transport.write(data)
            self._state = CLOSING
            self._forget()
            self._end()

    def _end(self) -> None:
        self._wake()
        self._house.ending(self)
        self.parting()

    @abstractmethod
    def dismiss(self, retry_in: float) -> None:
        """The server goes; come back in so many seconds."""

    @abstractmethod
    def parting(self) -> None:
        """All is written; who closes the connection?"""

    def abort(self) -> None:
        """It had its time to go."""
        self._transport.abort()

    @abstractmethod
    def beat(self) -> None:
        """Called once in each ping period."""

    def _took(self) -> bool:
        """Whether less waits for the network than at the last beat: slow as it is, it is there."""
        before, self._left = self._left, self._transport.get_write_buffer_size()
        return self._left < before

    def pause_writing(self) -> None:
        if self._state is FLOWING:
            self._state = PAUSED
            self.flush()

    def resume_writing(self) -> None:
        if self._state is not PAUSED:
            return
        self._state, self._silent = FLOWING, 0
        while self._state is FLOWING and (self._waiting or self._newest):
            self._transport.write(self._oldest())
        if self._state is FLOWING:
            self._forget()
            self._wake()

    def _oldest(self) -> bytes:
        if self._waiting:
            data = self._waiting.popleft()
        else:
            assert self._newest
            data = self._newest.pop(next(iter(self._newest)))
        self._held -= len(data)
        return data

    def _forget(self) -> None:
        self._waiting, self._newest, self._held, self._next = None, None, 0, b""

    def _wake(self) -> None:
        if self._room:
            self._room.set()
            self._room = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._state = CLOSED
        self._forget()
        self._wake()
        self._house.left(self, self._cut)
        session, self._session = self._session, None
        if session:
            session.lost()
