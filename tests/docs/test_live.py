"""docs/live.md, run as it stands there: an order is placed, and whoever watches hears of it."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from entrypoints.live.conversation import MOST as SUBSCRIPTIONS
from entrypoints.live.kinds import KINDS
from entrypoints.live.messages import RECEIVED, SENT, Close
from entrypoints.live.snapshots import MOST as DOCUMENTS
from tests.docs.test_readme import run, walk_of
from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/live.md").read_text()


def block(name: str) -> str:
    found = re.search(rf"<!-- run: {name} -->\n```\w+\n(.*?)\n```", PAGE, re.DOTALL)
    assert found, name
    return found[1]


@pytest.fixture
def place(walk):
    return walk


def test_a_watcher_sees_an_order_arrive(place):
    place, up = place
    script = block("watch").replace("http://127.0.0.1:8000", up.url)
    assert script.count("headers=signed)") == 1
    patient = script.replace("headers=signed)", f"headers=signed, timeout={PATIENCE})")
    (place / "live.py").write_text(patient)
    path = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    with (place / "watched").open("w") as output:
        command = [sys.executable, "live.py"]
        watcher = subprocess.Popen(command, cwd=place, stdout=output, env=path)
        try:
            _await(place / "watched", "orders there are:")
            run(place, walk_of(up, '"order:new pending"'))
            _await(place / "watched", "order:new pending")
            _await(place / "watched", "order:status confirmed")
        finally:
            watcher.kill()
            watcher.wait()


def test_curl_hears_the_same(place):
    place, up = place
    script = block("curl").replace("http://127.0.0.1:8000", up.url)
    assert "--max-time 3 " in script
    for seconds in (3, 10, 30, 90):  # that curl listens: more than enough, on most machines
        said = run(place, script.replace("--max-time 3 ", f"--max-time {seconds} "))
        data = [json.loads(line[5:]) for line in said.splitlines() if line.startswith("data:")]
        if len(data) > 1:
            break
    assert [message["type"] for message in data][:2] == ["hello", "snapshot"]


def test_the_page_names_every_message_and_every_kind_of_topic():
    for message in (*SENT, *RECEIVED):
        if message is not Close:
            assert f'"type":"{message.__struct_config__.tag}"' in PAGE
    for kind in KINDS.values():
        assert f"| `{kind.context}/{{" in PAGE
        for name in kind.filters:
            assert f"`{kind.context}?{name}={{" in PAGE
    assert f"more than {DOCUMENTS} documents" in PAGE
    assert f"{SUBSCRIPTIONS} topics at the most" in PAGE


def _await(path: Path, words: str) -> None:
    until = time.monotonic() + PATIENCE
    while words not in path.read_text():
        assert time.monotonic() < until, path.read_text()
        time.sleep(0.05)
