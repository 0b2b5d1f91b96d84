"""A server that is full, and one that goes."""

import json
from contextlib import suppress

import pytest

from tests.live.house import House, Raw, head, masked, open_house, patient, until
from tests.support.patience import PATIENCE


def refused(house: House, target: str = "/api/v1/live") -> bytes:
    with Raw(house.port) as raw:
        status, answer = raw.ask(head(target))
        assert status == 503
        assert json.loads(raw.rest())["code"] == "unavailable"
        return answer


def test_who_finds_it_full_is_told_when_to_come_back_and_may_when_there_is_room():
    with open_house(patient(sockets=2)) as house:
        with Raw(house.port).upgrade(), Raw(house.port).upgrade() as second:
            assert b"\r\nRetry-After: " in refused(house)
            assert b"\r\nRetry-After: " in refused(house, "/api/v1/live/events")
            assert (house.server.counts.open, house.server.counts.refused) == (2, 2)
            second.close()
            until(lambda: house.server.counts.open == 1)
            with Raw(house.port).upgrade():
                pass


def test_those_who_are_being_accepted_count_as_here():
    with open_house(patient(sockets=1)) as house, Raw(house.port) as first:
        first.send(head("/api/v1/live?be=slow"))
        until(lambda: house.server._entering == 1)
        refused(house)


def test_who_gives_up_while_being_accepted_makes_room():
    with open_house(patient(sockets=1)) as house:
        with Raw(house.port) as first:
            first.send(head("/api/v1/live?be=slow"))
            until(lambda: house.server._entering == 1)
        until(lambda: house.server._entering == 0)
        with Raw(house.port).upgrade():
            pass


def test_who_floods_while_being_accepted_is_dropped():
    with open_house() as house, Raw(house.port) as raw:
        raw.send(head("/api/v1/live?be=slow"))
        until(lambda: house.server._entering == 1)
        with suppress(ConnectionError):
            raw.send(b"x" * 1_000_000)
        until(lambda: house.server._entering == 0)


def test_connections_that_say_nothing_are_limited_too():
    with open_house(patient(openings=3)) as house:
        silent = [Raw(house.port) for _ in range(3)]
        until(lambda: len(house.server._openings) == 3)
        with Raw(house.port) as raw:
            assert b" 503 " in raw.up_to(b"\r\n")
        for each in silent:
            each.close()


def test_everyone_is_told_to_come_back_at_a_time_of_their_own():
    with open_house() as house:
        sockets = [Raw(house.port).upgrade() for _ in range(20)]
        stream, waiting, silent = Raw(house.port), Raw(house.port), Raw(house.port)
        stream.ask(head("/api/v1/live/events"))
        waiting.send(head("/api/v1/live?be=slow"))
        until(lambda: house.server._entering == 1)
        leaving = house.start(lambda: house.server.close(8.0))
        times = set()
        for each in sockets:
            opcode, payload = each.frame()
            told = json.loads(payload)
            assert (opcode, told["type"]) == (1, "bye")
            assert 0.5 <= told["retry_in"] <= 8.0
            times.add(told["retry_in"])
            assert each.code() == 1012
            each.send(masked(b"\x03\xf4", opcode=8))
            assert each.rest() == b""
        assert len(times) > 1
        assert b'data: {"type":"bye","retry_in":' in stream.rest()
        assert b"101" not in waiting.rest()
        assert silent.rest() == b""
        leaving.result(PATIENCE)
        assert [session.ended for session in house.sessions] == [1] * 21
        with pytest.raises(ConnectionRefusedError):
            Raw(house.port)


def test_a_server_that_goes_waits_for_nobody_forever():
    with open_house(patient(farewell=0.2)) as house:
        with Raw(house.port).upgrade():
            house.do(lambda: house.server.close())
            assert house.sessions[0].ended == 1
