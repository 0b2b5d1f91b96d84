"""A WebSocket as stock clients see it."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from adapters.live.frames import closing
from adapters.live.peer import Frame
from tests.live.house import ORIGIN, House, open_house, patient, until
from tests.support.patience import PATIENCE


@pytest.fixture
def house() -> Iterator[House]:
    with open_house(patient(farewell=PATIENCE)) as found:
        yield found


def joined(house: House, query: str = "", **options: Any) -> ClientConnection:
    times = {"open_timeout": PATIENCE, "close_timeout": PATIENCE, "ping_interval": None}
    return connect(f"ws://127.0.0.1:{house.port}/api/v1/live{query}", **times, **options)


def refused(house: House, query: str = "", **options: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(InvalidStatus) as caught:
        joined(house, query, **options)
    response = caught.value.response
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, json.loads(response.body or b"")


def closed_with(client: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as caught:
        client.recv(timeout=PATIENCE)
    assert caught.value.rcvd
    return caught.value.rcvd.code, caught.value.rcvd.reason


def test_messages_go_both_ways_whatever_their_size(house):
    with joined(house, max_size=None) as client:
        for text in ("", "a", "x" * 125, "x" * 126, "é" * 4000, "x" * 16_384):
            client.send(text)
            assert client.recv() == text
        for length in (65_535, 65_536, 1_000_000):
            house.tell("y" * length)
            assert client.recv() == "y" * length


def test_the_request_is_told_with_its_query_and_lower_case_headers(house):
    with joined(house, "?ticket=t%201&ticket=u", additional_headers={"Authorization": "Bearer x"}):
        (session,) = house.sessions
    request = session.request
    assert (request.method, request.path) == ("GET", "/api/v1/live")
    assert request.query == {"ticket": ["t 1", "u"]}
    assert request.headers["authorization"] == "Bearer x"
    assert request.remote == "127.0.0.1"


def test_what_is_said_while_accepting_comes_right_after_the_upgrade(house):
    with joined(house, "?be=welcomed") as client:
        house.tell("1")
        assert [client.recv(), client.recv()] == ['"welcome"', "1"]


def test_who_is_closed_while_accepted_is_told_why_and_its_session_ends(house):
    with joined(house, "?be=dismissed") as client:
        assert client.recv() == '"no"'
        assert closed_with(client) == (4401, "expired")
    until(lambda: house.sessions[0].ended == 1)


def test_no_compression_is_agreed_on(house):
    with joined(house) as client:
        assert client.response.headers.get("sec-websocket-extensions") is None


def test_a_message_in_pieces_is_one_and_pings_between_them_are_answered(house):
    with joined(house) as client:
        client.send(["a", "é", "", "b"])
        assert client.ping(b"still there?").wait(PATIENCE)
        assert client.recv() == "aéb"
    assert house.sessions[0].heard == ["aéb"]


def test_the_clients_close_is_answered_with_its_code(house):
    with joined(house) as client:
        client.close(4000, "done")
        assert client.close_code == 4000
    until(lambda: house.sessions[0].ended == 1)
    assert house.sessions[0].peer.closed


def test_a_client_that_vanishes_ends_its_session_once(house):
    with joined(house) as client:
        client.socket.shutdown(socket.SHUT_RDWR)
    until(lambda: house.sessions[0].ended == 1)
    assert house.server.counts.open == 0


def test_a_close_of_ours_has_its_code_and_reason_and_nothing_is_sent_after_it(house):
    with joined(house) as client:
        house.tell("last")
        peer = house.sessions[0].peer
        house.do(lambda: (peer.close(4403, "é" * 100), peer.send(Frame(b"late")), peer.close(1000)))
        assert client.recv() == "last"
        assert closed_with(client) == (4403, "é" * 61)
    until(lambda: house.sessions[0].ended == 1)


def test_a_session_that_fails_costs_its_client_only(house):
    with joined(house) as bad, joined(house) as good:
        bad.send("fail")
        assert closed_with(bad)[0] == 1011
        good.send("well?")
        assert good.recv() == "well?"


def test_the_refusal_of_a_request_is_problem_json(house):
    status, problem = refused(house, "?be=refused")
    assert (status, problem["code"], problem["detail"]) == (401, "unauthenticated", "who?")
    assert problem["instance"] == "/api/v1/live"
    status, problem = refused(house, "?be=broken")
    assert (status, problem["code"]) == (500, "internal")
    assert house.server.counts.open == 0


def test_only_pages_of_known_origins_may_ask(house):
    with joined(house, origin=ORIGIN):
        pass
    for origin in ("https://shop.example:8443", "http://shop.example", "null", ORIGIN + "/"):
        status, problem = refused(house, origin=origin)
        assert (status, problem["code"]) == (403, "forbidden")


def test_a_close_frame_has_no_body_without_a_code():
    assert closing(1005) == b"\x88\x00"


def test_what_is_said_at_once_comes_in_order_and_before_the_close(house):
    said = [f"{number}{'x' * (number % 7 * 500)}" for number in range(100)]
    with joined(house, max_size=None) as client:
        peer = house.sessions[0].peer

        def speak() -> None:
            for text in said[:20]:
                peer.send(Frame(text.encode()))
            for text in said[20:]:
                peer.latest(("t", text), Frame(text.encode()))
            peer.close(4000)

        house.do(speak)
        assert [client.recv() for _ in said] == said
        assert closed_with(client)[0] == 4000
