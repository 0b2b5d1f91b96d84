"""Readers that do not keep up: what waits for them is bounded, and nobody else notices."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from adapters.live.peer import Frame
from tests.live.house import NEVER, House, Raw, head, open_house, patient, until
from tests.support.patience import PATIENCE

HUNDRED_KIB = b'"' + b"x" * 100_000 + b'"'
READER = """
import sys
from tests.live.house import Raw
raw = Raw(int(sys.argv[1]), receive=65536).upgrade()
print("here", flush=True)
while True:
    opcode, payload = raw.frame()
    if opcode == 8:
        print(int.from_bytes(payload[:2], "big"), flush=True)
        break
    print("frame", flush=True)
"""


@pytest.fixture
def house() -> Iterator[House]:
    with open_house(patient(farewell=NEVER)) as found:
        yield found
        for session in found.sessions:
            found.do(session.peer.abort)


@contextmanager
def stopped(house: House) -> Iterator[subprocess.Popen[str]]:
    """A client in a process of its own, that is stopped as by SIGSTOP when it has come in."""
    command = [sys.executable, "-c", READER, str(house.port)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout
        assert child.stdout.readline() == "here\n"
        os.kill(child.pid, signal.SIGSTOP)
        yield child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def fill(house: House, raw_session: int = 0) -> None:
    """So much that the network takes nothing more."""
    peer = house.sessions[raw_session].peer
    house.do(lambda: peer.send(Frame(b"0" * 16_000_000)))


def test_a_stopped_client_is_cut_and_neither_slows_others_nor_costs_memory(house):
    with stopped(house) as child, Raw(house.port).upgrade() as reader:
        before = psutil.Process().memory_info().rss
        for number in range(2_000):
            house.tell(str(number).encode() + HUNDRED_KIB[:50_000])
            opcode, payload = reader.frame()
            assert (opcode, payload[:-50_000]) == (1, str(number).encode())
        assert psutil.Process().memory_info().rss - before < 20_000_000
        assert house.server.counts.cut == 0  # told, but not gone yet
        assert house.sessions[0].peer.closed
        os.kill(child.pid, signal.SIGCONT)
        said = [line.strip() for line in child.stdout or ()]
        assert set(said[:-1]) == {"frame"}
        assert said[-1] == "1013"
        assert len(said) < 200
    until(lambda: house.server.counts.cut == 1)


def test_a_reader_is_cut_when_too_many_bytes_wait_for_it(house):
    with Raw(house.port, receive=4096).upgrade():
        fill(house)
        peer = house.sessions[0].peer
        house.tell(HUNDRED_KIB, HUNDRED_KIB)
        assert not peer.closed
        house.tell(HUNDRED_KIB)
        assert peer.closed


def test_a_reader_is_cut_when_too_many_frames_wait_for_it(house):
    with Raw(house.port, receive=4096).upgrade():
        fill(house)
        peer = house.sessions[0].peer
        house.tell(*("1" for _ in range(1024)))
        assert not peer.closed
        house.tell("1")
        assert peer.closed


def test_one_message_may_be_of_any_size_and_the_next_piece_waits_until_it_is_gone(house):
    with Raw(house.port, receive=4096).upgrade() as raw:
        peer = house.sessions[0].peer

        async def speak() -> None:
            for _ in range(5):
                await peer.drained()
                peer.send(Frame(b"1" * 2_000_000))
            await peer.drained()
            peer.send(Frame(b"end"))

        house.start(speak)
        assert [len(raw.frame()[1]) for _ in range(6)] == [2_000_000] * 5 + [3]


def test_whoever_waits_for_room_is_let_go_when_the_reader_is(house):
    with Raw(house.port, receive=4096).upgrade():
        fill(house)
        peer = house.sessions[0].peer
        waiting = house.start(peer.drained)
        house.do(peer.cut)
        waiting.result(PATIENCE)


def test_of_what_is_only_interesting_while_new_the_newest_waits(house):
    with Raw(house.port, receive=4096).upgrade() as raw:
        peer = house.sessions[0].peer
        house.do(lambda: peer.latest(("t", "a"), Frame(b"a0")))
        fill(house)

        def speak() -> None:
            for number in range(10_000):
                peer.latest(("t", "a"), Frame(b"a%d" % number))
                peer.latest(("t", "b"), Frame(b"b%d" % number))
            peer.send(Frame(b"end"))

        house.do(speak)
        texts = [raw.frame()[1] for _ in range(5)]
        assert texts[0] == b"a0"
        assert texts[2:] == [b"end", b"a9999", b"b9999"]


def test_too_much_of_what_is_new_cuts_too(house):
    with Raw(house.port, receive=4096).upgrade():
        fill(house)
        peer = house.sessions[0].peer
        house.do(lambda: [peer.latest(("t", str(key)), Frame(b"1")) for key in range(1024)])
        assert not peer.closed
        house.do(lambda: peer.latest(("t", "one more"), Frame(b"1")))
        assert peer.closed


def test_a_cut_reader_that_never_reads_is_dropped():
    with open_house(patient(farewell=0.3)) as house, Raw(house.port, receive=4096).upgrade():
        fill(house)
        house.tell(HUNDRED_KIB, HUNDRED_KIB, HUNDRED_KIB)
        until(lambda: house.sessions[0].ended == 1)
        assert house.server.counts.open == 0


STREAM = head("/api/v1/live/events", Upgrade="", Connection="")


@pytest.mark.parametrize("asks", [head(), STREAM], ids=["a socket", "a stream"])
def test_who_takes_something_between_beats_stays_and_who_takes_nothing_is_dropped(house, asks):
    with Raw(house.port, receive=4096) as raw:
        raw.ask(asks)
        fill(house)
        (session,) = house.sessions
        waiting = session.peer._transport.get_write_buffer_size
        for _ in range(6):
            house.do(session.peer.beat)
            before = house.do(waiting)
            while house.do(waiting) >= before:
                raw.exactly(100_000)
        assert not session.ended
        until(lambda: house.do(session.peer.beat) or session.ended)


class Lively(asyncio.Protocol):
    """In the server's own loop, so that it is never later than the server is."""

    def __init__(self) -> None:
        self.heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(head())

    def data_received(self, data: bytes) -> None:
        self.heard += data
        self.transport.write(b"\x8a\x80\0\0\0\0")


def test_who_answers_no_ping_is_dropped_and_who_does_stays():
    with open_house(patient(ping=0.2)) as house:
        lively = Lively()
        house.do(
            lambda: asyncio.get_running_loop().create_connection(
                lambda: lively, "127.0.0.1", house.port
            )
        )
        until(lambda: house.sessions)
        with Raw(house.port).upgrade() as silent:
            until(lambda: house.sessions[1].ended)
            assert silent.rest().strip(b"\x89\x00") == b""
        assert house.sessions[0].ended == 0
        assert set(lively.heard.partition(b"\r\n\r\n")[2]) == set(b"\x89\x00")
        house.do(lively.transport.close)
