"""What is sent to an S3 server that takes it slowly."""

import socket
import time
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from urllib3.connection import HTTPConnection

from adapters.media import sending
from adapters.media.objects import Objects
from application.ports import Unavailable

OK = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 0\r\n\r\n'
SIZE, PIECE = 4 * 2**20, 2**18  # bytes; few of them are on their way at once
PAUSE = 0.05  # seconds between two pieces


@contextmanager
def server(takes):
    """Takes so many bytes of a body, and no more."""
    over = Event()
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        Thread(target=serve, args=(listening, takes, over), daemon=True).start()
        yield Objects(f"http://a:b@127.0.0.1:{listening.getsockname()[1]}")
        over.set()


def serve(listening, takes, over):
    taken, _ = listening.accept()
    with taken, taken.makefile("rb") as file:
        while length := heading(file):
            for start in range(0, length, PIECE):
                if start >= takes:
                    over.wait()
                    return
                file.read(min(PIECE, length - start))
                time.sleep(PAUSE)
            taken.sendall(OK)


def heading(file):
    """The length of the body that follows; at least 0 bytes, -1 of none. 0: nothing comes."""
    length = -1 if (line := file.readline()) else 0
    while line not in (b"\r\n", b""):
        name, _, value = line.lower().partition(b":")
        length = int(value) if name == b"content-length" else length
        line = file.readline()
    return length


async def test_a_body_that_is_taken_slowly_is_not_given_up(monkeypatch):
    """Not by the time of a connection, and not as one piece, however long an answer may take."""
    pieces, send = [], HTTPConnection.send

    def noted(connection, data):
        pieces.append(len(data))
        send(connection, data)

    monkeypatch.setattr(sending, "CONNECT", PAUSE / 2)
    monkeypatch.setattr(HTTPConnection, "send", noted)
    with server(takes=SIZE) as objects:
        await objects.put("tenant/slow", bytes(SIZE), "image/png")
    assert sum(pieces) > SIZE
    assert max(pieces) <= PIECE


async def test_a_body_that_is_taken_no_more_is_given_up(monkeypatch):
    monkeypatch.setattr(sending, "ANSWER", 0.5)
    with server(takes=SIZE // 2) as objects:
        with pytest.raises(Unavailable):
            await objects.put("tenant/stuck", bytes(SIZE), "image/png")


async def test_an_answer_that_is_no_servers_of_objects_is_as_if_it_were_away():
    with server(takes=SIZE) as objects:
        with pytest.raises(Unavailable):
            await objects.put("tenant/parts", bytes(2 * SIZE), "image/png")


async def test_who_is_going_sends_no_more_of_a_body():
    """A process ends only with its threads."""
    with server(takes=SIZE) as objects:
        objects._over.set()  # as by ``close``, which takes no more either
        with pytest.raises(Unavailable):
            await objects.put("tenant/left", bytes(SIZE), "image/png")
        objects._over.clear()
        objects.close()
        assert objects._over.is_set()
