"""An event stream: the same messages as `data:`, one way."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from adapters.live.peer import Frame
from tests.live.house import ORIGIN, House, Raw, head, open_house, patient, until
from tests.support.patience import PATIENCE

EVENTS = "/api/v1/live/events"


@pytest.fixture
def house() -> Iterator[House]:
    with open_house() as found:
        yield found


def stream(house: House, query: str = "", **headers: str) -> Raw:
    """A stream whose head and first advice are read."""
    raw = Raw(house.port)
    status, _ = raw.ask(head(EVENTS + query, Upgrade="", Connection="", **headers))
    assert status == 200
    assert re.fullmatch(rb"retry: \d+\n\n", raw.up_to(b"\n\n"))
    return raw


def test_messages_are_events_with_the_id_that_they_are_resumed_from(house):
    with stream(house, "?be=welcomed") as raw:
        peer = house.sessions[0].peer
        house.do(lambda: peer.send(Frame(b'{"n":1}', "12,34")))
        assert peer.kind == "sse"
        assert raw.up_to(b"\n\n") == b'data: "welcome"\n\n'
        assert raw.up_to(b"\n\n") == b'id: 12,34\ndata: {"n":1}\n\n'


def test_a_stock_client_reads_it(house):
    url = f"http://127.0.0.1:{house.port}{EVENTS}?be=welcomed"
    with httpx.stream("GET", url, headers={"Last-Event-ID": "7"}, timeout=PATIENCE) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-store"
        lines = response.iter_lines()
        assert next(lines).startswith("retry: ")
        assert (next(lines), next(lines)) == ("", 'data: "welcome"')
    assert house.sessions[0].request.headers["last-event-id"] == "7"
    until(lambda: house.sessions[0].ended == 1)


def test_a_hundred_topics_fit_into_one_stream(house):
    topics = [f"orders/{n}" for n in range(100)]
    with stream(house, "?ticket=t&" + "&".join(f"topic={topic}" for topic in topics)):
        assert house.sessions[0].request.query == {"ticket": ["t"], "topic": topics}


def test_what_a_client_sends_on_it_is_not_heard(house):
    with stream(house) as raw:
        raw.send(b"x" * 100_000)
        house.tell("1")
        assert raw.up_to(b"\n\n") == b"data: 1\n\n"
    assert house.sessions[0].heard == []


def test_a_page_of_a_known_origin_may_read_it_and_no_other(house):
    with Raw(house.port) as raw:
        _, answer = raw.ask(head(EVENTS, Origin=ORIGIN))
        assert f"Access-Control-Allow-Origin: {ORIGIN}\r\n".encode() in answer
    with Raw(house.port) as raw:
        assert raw.ask(head(EVENTS, Origin="https://other.example"))[0] == 403


def test_a_page_of_a_known_origin_may_ask_before_and_read_why_it_is_refused(house):
    url = f"http://127.0.0.1:{house.port}{EVENTS}"
    asks = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x"}
    asked = httpx.options(url, headers={"Origin": ORIGIN, **asks}, timeout=PATIENCE)
    assert (asked.status_code, asked.headers["allow"]) == (204, "GET, OPTIONS")
    assert asked.headers["access-control-allow-origin"] == ORIGIN
    assert asked.headers["access-control-allow-headers"] == "authorization, last-event-id"
    refused = httpx.get(f"{url}?be=refused", headers={"Origin": ORIGIN}, timeout=PATIENCE)
    assert refused.headers["access-control-allow-origin"] == ORIGIN
    assert "www-authenticate" in refused.headers["access-control-expose-headers"]
    assert refused.json()["code"] == "unauthenticated"
    for other in ({"Origin": "https://other.example", **asks}, asks):
        told = httpx.options(url, headers=other, timeout=PATIENCE)
        assert (told.status_code, told.headers["allow"]) == (204, "GET, OPTIONS")
        assert not [name for name in told.headers if name.startswith("access-control")]


def test_a_refusal_is_problem_json(house):
    url = f"http://127.0.0.1:{house.port}{EVENTS}?be=refused"
    answer = httpx.get(url, timeout=PATIENCE)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_close_is_told_as_a_message_since_there_are_no_codes(house):
    with stream(house) as raw:
        peer = house.sessions[0].peer
        house.do(lambda: peer.close(4401, "expired"))
        told = json.loads(raw.rest().removeprefix(b"data: "))
        assert told == {"type": "close", "code": 4401, "reason": "expired"}
    until(lambda: house.sessions[0].ended == 1)


def test_who_is_closed_while_accepted_is_told_why(house):
    with stream(house, "?be=dismissed") as raw:
        assert b'"no"' in raw.up_to(b"\n\n")
        assert b"4401" in raw.rest()


def test_a_stream_that_does_not_keep_up_is_cut(house):
    with stream(house):
        peer = house.sessions[0].peer
        house.do(lambda: peer.send(Frame(b"0" * 16_000_000)))
        house.tell(*(b"1" * 1000 for _ in range(300)))
        assert peer.closed
    until(lambda: house.server.counts.cut == 1)


def test_the_newest_waits_on_streams_too(house):
    with stream(house) as raw:
        peer = house.sessions[0].peer

        def speak() -> None:
            peer.send(Frame(b"0" * 16_000_000))
            for number in range(5000):
                peer.latest(("stock", ""), Frame(b"%d" % number))

        house.do(speak)
        raw.up_to(b"\n\n")
        assert raw.up_to(b"\n\n") == b"data: 4999\n\n"


def test_comments_keep_it_alive_and_one_that_takes_nothing_is_dropped():
    with open_house(patient(ping=0.2)) as house:
        with stream(house) as reader, stream(house) as stalled:
            peer = house.sessions[1].peer
            house.do(lambda: peer.send(Frame(b"0" * 16_000_000)))
            while not house.sessions[1].ended:
                assert reader.up_to(b"\n\n") == b": ping\n\n"
            assert house.sessions[0].ended == 0
            assert len(stalled.rest()) < 16_000_000
