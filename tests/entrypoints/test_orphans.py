"""What a killed souk leaves behind is ended before anything new writes."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest

from adapters.embedded.home import MARK, Held, Home
from adapters.embedded.orphans import end_orphans

SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(600)"]


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path)
    home.hold()
    yield home
    home.free()


@pytest.fixture
def spawn():
    children = []

    def start(**environment):
        child = subprocess.Popen(SLEEP, env={**os.environ, **environment})
        children.append(child)
        while psutil.Process(child.pid).cmdline() != SLEEP:  # not known yet while it is loaded
            time.sleep(0.01)
        return child

    yield start
    for child in children:
        with suppress(ProcessLookupError):
            child.kill()
        child.wait()


def record(home, child, started=None, command=SLEEP):
    born = started or psutil.Process(child.pid).create_time()
    words = json.dumps({"pid": child.pid, "started": born, "command": command})
    (home.folder("run") / f"{child.pid}.json").write_text(words)


def test_a_marked_process_is_ended_also_without_a_record(home, spawn):
    child = spawn(**{MARK: str(home.path)})
    end_orphans(home)
    assert not psutil.pid_exists(child.pid)


def test_a_recorded_process_is_ended_also_without_a_mark(home, spawn):
    child = spawn()
    record(home, child)
    end_orphans(home)
    assert not psutil.pid_exists(child.pid)
    assert list(home.folder("run").iterdir()) == []


@pytest.mark.parametrize("difference", [{"started": 1.0}, {"command": ["something", "else"]}])
def test_a_stranger_who_got_the_recorded_pid_is_left_alone(home, spawn, difference):
    child = spawn()
    record(home, child, **difference)
    end_orphans(home)
    assert child.poll() is None


def test_a_neighbour_on_another_directory_is_left_alone(home, spawn):
    child = spawn(**{MARK: f"{home.path}-neighbour"})
    end_orphans(home)
    assert child.poll() is None


def test_a_directory_is_held_by_one_at_a_time(home, tmp_path):
    with pytest.raises(Held):
        Home(tmp_path).hold()
    home.free()
    other = Home(tmp_path)
    other.hold()
    other.free()
