"""What is no WebSocket, or a broken one: answered with the code that says so."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from litestar import Request

from adapters.live import answers
from adapters.live.peer import Refusal
from entrypoints.http.problems import Problem, handle
from tests.live.house import KEY, House, Raw, head, masked, open_house, patient, until
from tests.support.patience import PATIENCE

LIMITS = patient(message=1000, rate=20, burst=20, farewell=0.3)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with open_house(LIMITS) as found:
        yield found


BROKEN = {
    "an unmasked frame": (b"\x81\x02hi", 1002),
    "an unmasked close": (b"\x88\x00", 1002),
    "a reserved bit": (masked(b"hi", bits=0x40), 1002),
    "an unknown opcode": (masked(b"hi", opcode=3), 1002),
    "an unknown control": (masked(b"hi", opcode=11), 1002),
    "a ping in pieces": (masked(b"hi", opcode=9, fin=False), 1002),
    "a ping too long": (masked(b"x" * 126, opcode=9), 1002),
    "a piece of nothing": (masked(b"hi", opcode=0), 1002),
    "a message within another": (masked(b"a", fin=False) + masked(b"b"), 1002),
    "a length longer written than needed": (b"\x81\xfe\x00\x05", 1002),
    "a length beyond 63 bits": (b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0x", 1002),
    "a close of one byte": (masked(b"\x03", opcode=8), 1002),
    "a close with a code that is never sent": (masked(b"\x03\xed", opcode=8), 1002),
    "a close whose reason is no text": (masked(b"\x03\xe8\xff", opcode=8), 1007),
    "no UTF-8": (masked(b"\xff\xfe"), 1007),
    "half a letter at the end": (masked(b"\xc3"), 1007),
    "a surrogate": (masked(b"\xed\xa0\x80"), 1007),
    "no UTF-8 across pieces": (masked(b"\xc3", fin=False) + masked(b"x", opcode=0), 1007),
    "bytes": (masked(b"hi", opcode=2), 1003),
    "a message too long": (masked(b"x" * 1001), 1009),
    "one too long in letters of two bytes": (masked("é".encode() * 501), 1009),
    "one too long in pieces": (
        masked(b"x" * 600, fin=False) + masked(b"x" * 600, opcode=0),
        1009,
    ),
}


@pytest.mark.parametrize(("sent", "code"), BROKEN.values(), ids=BROKEN)
def test_what_breaks_the_protocol_is_told_how_and_ended(house, sent, code):
    with Raw(house.port).upgrade() as raw:
        raw.send(sent)
        assert raw.code() == code
        raw.send(masked(b"no longer heard"))
        raw.rest()
    until(lambda: house.sessions[-1].ended == 1)
    assert house.sessions[-1].heard == []


def test_a_length_that_is_only_announced_is_not_waited_for_in_memory(house):
    with Raw(house.port).upgrade() as raw:
        raw.send(b"\x81\xff" + (1 << 40).to_bytes(8, "big") + b"\0\0\0\0" + b"x" * 1001)
        assert raw.code() == 1009


def test_frames_may_come_byte_by_byte_or_many_at_once(house):
    with Raw(house.port).upgrade() as raw:
        for byte in masked("é1".encode()):
            raw.send(bytes((byte,)))
        raw.send(masked(b"2") + masked(b"p", opcode=9) + masked(b"3"))
        assert [raw.frame() for _ in range(4)] == [
            (1, "é1".encode()),
            (1, b"2"),
            (10, b"p"),
            (1, b"3"),
        ]


def test_a_message_right_behind_the_head_is_heard(house):
    with Raw(house.port) as raw:
        status, _ = raw.ask(head() + masked(b"early"))
        assert status == 101
        assert raw.frame() == (1, b"early")


def test_who_talks_too_much_is_sent_away_pings_and_pieces_counted(house):
    for many in (masked(b"x") * 40, masked(b"", opcode=9) * 40, masked(b"", opcode=10) * 40):
        with Raw(house.port).upgrade() as raw:
            raw.send(many)
            _, payload = next(frame for frame in iter(raw.frame, None) if frame[0] == 8)
            assert payload[:2] == (1008).to_bytes(2, "big")


def test_who_does_not_answer_a_close_is_cut_off(house):
    with Raw(house.port).upgrade() as raw:
        peer = house.sessions[-1].peer
        house.do(lambda: peer.close(1000))
        assert raw.code() == 1000
        assert raw.rest() == b""
    until(lambda: house.sessions[-1].ended == 1)


def test_the_answer_to_our_close_ends_it(house):
    with Raw(house.port).upgrade() as raw:
        peer = house.sessions[-1].peer
        house.do(lambda: peer.close(1000))
        assert raw.code() == 1000
        raw.send(masked(b"\x03\xe8", opcode=8))
        assert raw.rest() == b""


HEADS = {
    "no path of ours": (head("/api/v1/other"), 404, "not_found"),
    "another method": (b"POST /api/v1/live HTTP/1.1\r\nHost: x\r\n\r\n", 405, "method_not_allowed"),
    "no upgrade": (head(Upgrade=""), 426, "upgrade_required"),
    "another upgrade": (head(Upgrade="h2c"), 426, "upgrade_required"),
    "a connection that is not to be upgraded": (head(Connection="close"), 426, "upgrade_required"),
    "another version": (head(Sec_WebSocket_Version="8"), 426, "upgrade_required"),
    "no key": (head(Sec_WebSocket_Key=""), 400, "malformed"),
    "a key too short": (head(Sec_WebSocket_Key="AAAA"), 400, "malformed"),
    "a key that is no base64": (head(Sec_WebSocket_Key="!" * 24), 400, "malformed"),
    "a body": (head(Content_Length="2") + b"hi", 400, "malformed"),
    "a body in chunks": (head(Transfer_Encoding="chunked"), 400, "malformed"),
    "no HTTP": (b"hello\r\n\r\n", 400, "malformed"),
    "no host": (head(Host=""), 400, "malformed"),
    "bytes": (bytes(range(256)) + b"\r\n\r\n", 400, "malformed"),
    "too many query fields": (head("/api/v1/live?" + "&".join("a" * 129)), 400, "malformed"),
    "a head too large": (head(X_Large="x" * 16_384), 431, "too_large"),
    "a target too large": (head("/" + "x" * 17_000), 431, "too_large"),
}


@pytest.mark.parametrize(("request_", "status", "code"), HEADS.values(), ids=HEADS)
def test_a_head_that_is_no_request_for_a_socket_is_answered_with_a_problem(
    house, request_, status, code
):
    with Raw(house.port) as raw:
        found, answer = raw.ask(request_)
        assert found == status
        assert b"application/problem+json" in answer
        assert json.loads(raw.rest())["code"] == code


@pytest.mark.parametrize("detail", ["", "who?"])
@pytest.mark.parametrize(("status", "code"), sorted({of[1:] for of in HEADS.values()}))
def test_a_refusal_is_told_in_the_words_of_the_http_api(status, code, detail):
    told = answers.problem(Refusal(status, code, detail), "/api/v1/live").partition(b"\r\n\r\n")[2]
    api = handle(Request({"type": "http", "path": "/api/v1/live"}), Problem(status, code, detail))
    assert told == api.content
    assert json.loads(told)["title"] != "Error"


def test_tokens_of_headers_may_be_in_any_case_and_in_lists(house):
    with Raw(house.port) as raw:
        assert raw.ask(head(Upgrade="WebSocket", Connection="keep-alive, UPGRADE"))[0] == 101


def test_the_key_is_answered_as_rfc_6455_has_it_for_its_example(house):
    assert KEY == b"dGhlIHNhbXBsZSBub25jZQ=="
    with Raw(house.port) as raw:
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in raw.ask(head())[1]


@pytest.mark.parametrize("started", [b"", b"GET /api/v1/live HT", head()[:-2]])
def test_who_never_says_what_they_want_is_dropped(started):
    with open_house(patient(patience=0.3)) as house, Raw(house.port) as raw:
        raw.send(started)
        assert raw.rest() == b""


def test_whoever_takes_too_long_to_be_accepted_is_told_to_come_back():
    with open_house(patient(waiting=0.3)) as house, Raw(house.port) as raw:
        status, answer = raw.ask(head("/api/v1/live?be=slow"))
        assert status == 503
        assert b"Retry-After: " in answer


def test_health_is_answered_at_the_same_port(house):
    def status(path: str) -> int:
        with Raw(house.port) as raw:
            return raw.ask(head(path, Upgrade="", Connection=""))[0]

    assert (status("/health/live"), status("/health/ready")) == (200, 200)
    house.ready = False
    assert (status("/health/live"), status("/health/ready")) == (200, 503)
    with Raw(house.port) as raw:
        asked = head("/health/ready", Upgrade="", Connection="").replace(b"GET", b"HEAD", 1)
        status_, answer = raw.ask(asked)
        assert (status_, raw.rest()) == (503, b"")
        assert b"Content-Length: 24\r\n" in answer
    house.ready = True


def test_a_crowd_is_accepted_whole_a_few_at_a_time():
    with open_house(patient(entering=3)) as house:
        together = threading.Barrier(40)

        def join(_: int) -> int:
            with Raw(house.port) as raw:
                together.wait(PATIENCE)
                return raw.ask(head())[0]

        with ThreadPoolExecutor(40) as pool:
            assert set(pool.map(join, range(40))) == {101}
