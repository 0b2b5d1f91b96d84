"""Ports for servers that start one after another."""

import os
import subprocess
import sys
from collections import deque

import pytest

from adapters.embedded import ports
from adapters.embedded.ports import free_ports

FEW = 20_000 + os.getpid() % 50 * 200  # others run these tests, too, and keep what they were given


@pytest.fixture
def of(monkeypatch):
    """Among how many ports it chooses from now on; none of them is kept from others afterwards."""
    reserved = deque()
    monkeypatch.setattr(ports, "reserved", reserved)
    monkeypatch.setattr(ports, "given", set())
    monkeypatch.setattr(ports, "FIRST", FEW)
    yield lambda count: monkeypatch.setattr(ports, "LAST", FEW + count)
    for mark in reserved:
        mark.close()


def test_no_two_servers_of_a_process_are_given_the_same(of):
    of(200)
    given = [port for _ in range(30) for port in free_ports(3)]
    assert len(set(given)) == len(given)


def test_when_most_were_given_they_are_given_again(of):
    of(100)
    assert len([free_ports(10) for _ in range(40)]) == 40


def test_when_there_are_no_more_it_says_so(of):
    of(20)
    with pytest.raises(OSError, match="no free port"):
        free_ports(21)


ASKING = f"""
from adapters.embedded import ports
ports.FIRST, ports.LAST = {FEW}, {FEW} + 30
print(*ports.free_ports(10), flush=True)
input()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="names without files are Linux's")
def test_nor_are_servers_of_two_processes_while_both_have_yet_to_start(of):
    of(30)
    command = [sys.executable, "-c", ASKING]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    theirs = {int(word) for word in other.stdout.readline().split()}
    ours = set(ports.free_ports(10))
    other.communicate("\n")
    assert (len(theirs), len(ours), theirs & ours) == (10, 10, set())
