"""Ports for servers that start one after another."""

import os
import subprocess
import sys
from collections import deque

import pytest

from adapters.embedded import ports
from adapters.embedded.ports import free_ports, is_free, kept_ports, take_ports

WIDE = 200


def few() -> int:
    """The first of as many that are all free: below those that servers of other tests are given,
    and elsewhere for others that run these at the same time."""
    begins = [10_000 + (os.getpid() + each) % 50 * WIDE for each in range(50)]
    return next(first for first in begins if all(map(is_free, range(first, first + WIDE + 1))))


FEW = few()


@pytest.fixture
def of(monkeypatch):
    """Among how many ports it chooses from now on; none of them is kept from others afterwards."""
    reserved = deque()
    monkeypatch.setattr(ports, "reserved", reserved)
    monkeypatch.setattr(ports, "given", set())
    monkeypatch.setattr(ports, "kept", set())
    monkeypatch.setattr(ports, "FIRST", FEW)
    yield lambda count: monkeypatch.setattr(ports, "LAST", FEW + count)
    for mark in reserved:
        mark.close()


def test_no_two_servers_of_a_process_are_given_the_same(of):
    of(WIDE)
    given = [port for _ in range(30) for port in free_ports(3)]
    assert len(set(given)) == len(given)


def test_when_most_were_given_they_are_given_again(of):
    of(100)
    assert len([free_ports(10) for _ in range(40)]) == 40


def test_when_there_are_no_more_it_says_so(of):
    of(20)
    with pytest.raises(OSError, match="no free port"):
        free_ports(21)


def asking(what):
    """Another process, which is given some and has yet to start what they are for."""
    program = f"""
from pathlib import Path
from adapters.embedded import ports
ports.FIRST, ports.LAST = {FEW}, {FEW} + 30
print(*{what}, flush=True)
input()
"""
    command = [sys.executable, "-c", program]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_who_is_given_those_of_last_time_is_given_them_again_and_nobody_else_is(of, tmp_path):
    of(20)
    file = tmp_path / "ports"
    first = kept_ports(file, 8)
    assert kept_ports(file, 8) == first
    assert not {*free_ports(12)} & {*first}


def test_what_was_chosen_is_given_to_nobody(of):
    of(20)
    take_ports(FEW + 7, FEW + 13)
    assert not {*free_ports(18)} & {FEW + 7, FEW + 13}


def test_what_somebody_else_of_this_process_was_given_is_not_given_again(of, tmp_path):
    of(20)
    file = tmp_path / "ports"
    file.write_text(" ".join(map(str, free_ports(8))))
    theirs = {int(word) for word in file.read_text().split()}
    assert not {*kept_ports(file, 8)} & theirs


@pytest.mark.skipif(sys.platform != "linux", reason="names without files are Linux's")
def test_nor_are_servers_of_two_processes_while_both_have_yet_to_start(of):
    of(30)
    other = asking("ports.free_ports(10)")
    theirs = {int(word) for word in other.stdout.readline().split()}
    ours = set(ports.free_ports(10))
    other.communicate("\n")
    assert (len(theirs), len(ours), theirs & ours) == (10, 10, set())


@pytest.mark.skipif(sys.platform != "linux", reason="names without files are Linux's")
def test_nor_is_anybody_given_what_another_had_last_time_and_has_yet_to_start_on(of, tmp_path):
    of(30)
    file = tmp_path / "ports"
    file.write_text(" ".join(map(str, range(FEW + 5, FEW + 15))))
    other = asking(f"ports.kept_ports(Path({str(file)!r}), 10)")
    theirs = {int(word) for word in other.stdout.readline().split()}
    ours = set(ports.free_ports(10))
    other.communicate("\n")
    assert (theirs, theirs & ours) == ({*range(FEW + 5, FEW + 15)}, set())
