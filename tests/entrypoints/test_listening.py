"""Where a role cannot listen it says so, and nothing but its own workers shares its port."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager, suppress

import pytest
from msgspec.structs import replace

from adapters.embedded.ports import free_ports, is_free
from entrypoints.settings import to_env
from tests.support.patience import PATIENCE

ELSEWHERE = "203.0.113.1"  # for documentation: no machine's (RFC 5737)


@pytest.fixture
def start(api):
    """A role as a process of its own."""
    env = os.environ | to_env(replace(api.souk.settings, secret=b"any"))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with ExitStack() as stack:

        def started(*words):
            command = [sys.executable, "-m", "entrypoints.cli", *words]
            role = stack.enter_context(subprocess.Popen(command, env=env, **pipes))
            stack.callback(end, role)
            return role

        yield started


def end(role):
    role.terminate()
    role.wait(PATIENCE)


def refused(role):
    said, _ = role.communicate(timeout=PATIENCE)
    assert role.returncode == 2, said
    return said.splitlines()[-1]


@contextmanager
def somebody(shares):
    """Who listens at a port already."""
    with socket.socket() as held:
        if shares:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield str(held.getsockname()[1])


@pytest.mark.parametrize("role", ["api", "live"])
@pytest.mark.parametrize("shares", [False, True])
def test_a_port_that_is_taken_is_told_in_one_line_also_when_it_would_be_shared(start, role, shares):
    with somebody(shares) as port:
        line = refused(start(role, "--port", port))
    taken = f"Error: Port {port} of 127.0.0.1 is taken. Choose another: --port 0 finds one."
    assert line == taken


@pytest.mark.parametrize("role", ["api", "live"])
def test_an_address_that_is_another_machine_s_is_told_in_one_line(start, role):
    (port,) = free_ports(1)
    line = refused(start(role, "--host", ELSEWHERE, "--port", str(port)))
    assert line.startswith(f"Error: Port {port} of {ELSEWHERE} cannot be listened at: ")


@pytest.mark.parametrize("host", ["300.1.1.1", "no host", "." * 3, "x" * 70])
def test_what_is_no_address_is_told_in_one_line(start, host):
    line = refused(start("api", "--host", host))
    assert line.startswith("Error: Invalid value for '--host': must be an IP address")
    line = refused(start("live", "--host", host))
    assert line.startswith(f"Error: Port 8001 of {host} cannot be listened at: ")


def test_workers_share_the_port_that_was_found_for_them(start):
    role = start("api", "--port", "0", "--workers", "2")
    port = served(role, workers=2)
    assert alive(port)
    assert refused(start("api", "--port", port)).startswith(f"Error: Port {port} of 127.0.0.1")


def test_one_that_was_killed_among_requests_is_started_again_at_its_port(start):
    (port,) = map(str, free_ports(1))
    first = start("api", "--port", port)
    served(first)
    assert alive(port)  # a worker begins before it listens
    idle = [socket.create_connection(("127.0.0.1", int(port))) for _ in range(3)]
    assert alive(port)  # and that connection is over, as others are not
    first.kill()
    until = time.monotonic() + PATIENCE
    while not is_free(int(port)):
        assert time.monotonic() < until, "its workers stay"
        time.sleep(0.05)
    served(start("api", "--port", port))
    assert alive(port)
    for each in idle:
        each.close()


def served(role, workers=1):
    """The port at which so many workers have begun."""
    port = None
    for line in role.stdout:
        said = json.loads(line)["event"]
        if found := re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", said):
            port = found[1]
        workers -= said.startswith("Started worker")
        if workers == 0:
            return port
    raise AssertionError("it ended")


def alive(port):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(urllib.error.URLError, OSError):
            url = f"http://127.0.0.1:{port}/health/live"
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                return answer.status == 200
        time.sleep(0.05)
    return False
