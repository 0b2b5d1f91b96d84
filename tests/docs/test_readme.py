"""The README's order, run as it stands there: bought with curl, seen at a NATS subscriber."""

import json
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.instances import Up
from tests.support.patience import PATIENCE

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
LAST = "as $SELLER -X POST $SOUK/orders/$ORDER/confirm"


def block(name: str) -> str:
    found = re.search(rf"<!-- run: {name} -->\n```\w+\n(.*?)\n```", README, re.DOTALL)
    assert found, name
    return found[1]


def walk_of(up: Up, seen: str) -> str:
    """The README's walk on that instance; its last step waits until the watcher was told ``seen``:
    changes that a projector comes to together are told as one."""
    script = block("walk").replace("http://127.0.0.1:8000", up.url)
    assert script.endswith(LAST)
    return script.replace(LAST, f"until grep -q {seen} watched; do sleep 0.05; done\n{LAST}")


def run(place: Path, script: str) -> str:
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=5 * PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def place(walk):
    return walk


@contextmanager
def watching(place: Path):
    script = block("watch")
    assert script.count(".jetstream()") == 1
    (place / "watch.py").write_text(
        script.replace(".jetstream()", f".jetstream(timeout={PATIENCE})")
    )
    with (place / "watched").open("w") as output:
        watcher = subprocess.Popen([sys.executable, "watch.py"], cwd=place, stdout=output)
        try:
            yield place / "watched"
        finally:
            watcher.kill()
            watcher.wait()


def test_the_order_of_the_readme_is_bought_and_pushed(place):
    place, up = place
    with watching(place) as watched:
        said = run(place, walk_of(up, '"$ORDER.* pending"'))
        put, placed, confirmed = [json.loads(line) for line in said.split("\n") if line]
        order = placed["orders"][0]
        assert put["position"] < placed["position"] < confirmed["position"]
        assert order["total"] == {"amount": "4800.00", "currency": "DZD"}

        wanted = f"orders.{order['id']}.seller.amina {order['number']} confirmed"
        until = time.monotonic() + PATIENCE
        while wanted not in (seen := watched.read_text()) and time.monotonic() < until:
            time.sleep(0.05)
    assert wanted in seen
    assert f"orders.{order['id']}.seller.amina {order['number']} pending" in seen


def test_the_commands_are_found_after_the_line_of_the_index(place):
    place, _ = place
    line = re.search(r"`(export PATH=.*)`", (ROOT / "docs/index.md").read_text())
    assert line
    said = run(place, f"PATH=/usr/bin:/bin\n{line[1]}\nsouk token --role buyer")
    assert said.splitlines()[-1].count(".") == 2


def test_every_command_that_the_docs_name_exists():
    from entrypoints.cli import COMMANDS

    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = {w for page in pages for w in re.findall(r"`souk ([a-z][a-z-]*)", page.read_text())}
    assert named - {"live"} <= set(COMMANDS)
    assert {"up", "api", "projector", "policies", "migrate", "token", "import", "report"} <= named


def test_every_link_in_the_docs_leads_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)
