"""Whatever bytes come in, the server stands, and talks to everyone else."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.live.frames import Broken, Incoming, Message
from tests.live.house import House, Raw, head, masked, open_house, patient, until

MANY = settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with open_house(patient(farewell=0.1, rate=100_000)) as found:
        yield found


frames = st.builds(
    masked,
    st.binary(max_size=300) | st.text(max_size=100).map(str.encode),
    st.integers(0, 15),
    st.booleans(),
    st.sampled_from([0, 0, 0, 0, 0x40, 0x70]),
)
mutilated = st.tuples(frames, st.integers(0, 20), st.binary(max_size=4)).map(
    lambda drawn: drawn[0][: drawn[1]] + drawn[2] + drawn[0][drawn[1] :]
)
conversations = st.lists(frames | mutilated | st.binary(max_size=40), max_size=12).map(b"".join)
lines = st.binary(max_size=60) | st.sampled_from(head().split(b"\r\n"))
heads = st.lists(lines, max_size=12).map(b"\r\n".join).map(lambda said: said + b"\r\n\r\n")


def cut(data: bytes, at: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    return [data[a:b] for a, b in pairwise(places)]


def stands(house: House) -> None:
    with Raw(house.port).upgrade() as well:
        well.send(masked(b"well?"))
        assert well.frame() == (1, b"well?")


def throw(house: House, raw: Raw, data: bytes, at: list[int]) -> None:
    try:
        for piece in cut(data, at):
            raw.send(piece)
    except OSError:  # it was closed meanwhile
        pass
    stands(house)


@MANY
@given(conversations, st.lists(st.integers(0, 10_000), max_size=6))
def test_bytes_after_the_upgrade(house, data, at):
    before = house.server.counts.open
    with Raw(house.port).upgrade() as raw:
        throw(house, raw, data, at)
    until(lambda: house.server.counts.open <= before)
    assert all(session.ended == 1 for session in house.sessions[:-2])
    del house.sessions[:-2]


@MANY
@given(heads, st.lists(st.integers(0, 10_000), max_size=6))
def test_bytes_in_place_of_a_head(house, data, at):
    with Raw(house.port) as raw:
        throw(house, raw, data, at)


@given(
    st.lists(st.text(max_size=40), max_size=8),
    st.lists(st.integers(0, 1000), max_size=6),
    st.data(),
)
def test_text_in_any_pieces_is_the_same_text(texts, at, data):
    sent = b""
    for text in texts:
        pieces = cut(text.encode(), data.draw(st.lists(st.integers(0, 200), max_size=3))) or [b""]
        for number, piece in enumerate(pieces):
            sent += masked(piece, 1 if number == 0 else 0, number == len(pieces) - 1)
            sent += masked(b"", 9)
    incoming, heard = Incoming(1000), []
    for piece in cut(sent, at):
        heard += [event.text for event in incoming.feed(piece) if isinstance(event, Message)]
    assert heard == texts
    assert incoming.idle


@given(conversations, st.lists(st.integers(0, 1000), max_size=6))
def test_bytes_are_whole_messages_or_broken_and_nothing_else(data, at):
    incoming, code = Incoming(100), 0
    try:
        for piece in cut(data, at):
            for event in incoming.feed(piece):
                assert not isinstance(event, Message) or len(event.text.encode()) <= 100
    except Broken as broken:
        code = broken.code
    assert code in (0, 1002, 1003, 1007, 1009)
