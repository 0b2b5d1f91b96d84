"""Ports for servers that start one after another."""

import subprocess
import sys

import pytest

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


ASKING = """
from adapters.embedded import ports
ports.FIRST, ports.LAST = 20_400, 20_430
print(*ports.free_ports(10), flush=True)
input()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="names without files are Linux's")
def test_nor_are_servers_of_two_processes_while_both_have_yet_to_start(monkeypatch):
    command = [sys.executable, "-c", ASKING]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    theirs = {int(word) for word in other.stdout.readline().split()}
    monkeypatch.setattr(ports, "FIRST", 20_400)
    monkeypatch.setattr(ports, "LAST", 20_430)
    monkeypatch.setattr(ports, "given", set())
    ours = set(ports.free_ports(10))
    other.communicate("\n")
    assert (len(theirs), len(ours), theirs & ours) == (10, 10, set())
