"""Ports for servers that start one after another."""

from adapters.embedded import ports
from adapters.embedded.ports import free_ports


def test_no_two_servers_of_a_process_are_given_the_same(monkeypatch):
    monkeypatch.setattr(ports, "FIRST", 20_000)
    monkeypatch.setattr(ports, "LAST", 20_200)
    monkeypatch.setattr(ports, "given", set())
    given = [port for _ in range(30) for port in free_ports(3)]
    assert len(set(given)) == len(given)


def test_when_most_were_given_they_are_given_again(monkeypatch):
    monkeypatch.setattr(ports, "LAST", ports.FIRST + 100)
    monkeypatch.setattr(ports, "given", set())
    assert len([free_ports(10) for _ in range(40)]) == 40
