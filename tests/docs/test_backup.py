"""The commands of docs/backup.md, run as they stand there, on a `souk up` that runs."""

import base64
import json
import os
import re
import subprocess
import time
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapters.embedded.home import Home
from entrypoints.instance import running
from tests.support.patience import PATIENCE
from tests.support.pictures import picture

PAGE = (Path(__file__).parents[2] / "docs/backup.md").read_text()
RESTORED = re.compile(
    r"^(\d+) files, none missing, none purged since, 0 erased again, no diff", re.M
)


def block(name):
    found = re.search(rf"<!-- run: {name} -->\n```bash\n(.*?)\n```", PAGE, re.DOTALL)
    assert found, name
    return found[1].replace("\\\n", "")


@pytest.fixture(scope="module")
def run(walk, tmp_path_factory):
    place, _ = walk
    mnt = tmp_path_factory.mktemp("mnt")
    (mnt / "apart").mkdir()

    def one(line):
        line = re.sub(r"(?<= )/mnt/", f"{mnt}/", line)
        path = f"{place / '.venv/bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-euc", line], cwd=place, env={**os.environ, "PATH": path},
            capture_output=True, text=True, timeout=10 * PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return one


@pytest.fixture(scope="module")
def arrived(walk, run):
    """A backup, and a picture that is uploaded and rendered after it; how its files are kept."""
    place, up = walk
    backup, *_ = block("directory").split("\n")
    said = run(backup)
    token, content = up.token("seller", "bazaar"), picture(90, 60, 1, ".png")
    data = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    id = wait_until(lambda: sent(up, token, data))
    wait_until(lambda: renditions(up, token, id))
    wanted = {sha256(content).hexdigest(), *renditions(up, token, id)}
    kept = place / ".souk/arrived/objects/bazaar"
    wait_until(lambda: wanted <= {sha256(f.read_bytes()).hexdigest() for f in files(kept)})
    return said.partition(":")[0]


def sent(up, token, data):
    """The picture's id; None: the S3 server, for which no start waits, takes nothing yet."""
    status, made = up.post("/api/v1/media/inline", {"data": data}, token, "a-picture")
    assert status in (201, 503), made
    return json.loads(made)["id"] if status == 201 else None


def renditions(up, token, id):
    """Their hashes, as soon as it is rendered."""
    status, asset = up.get(f"/api/v1/media/{id}", token)
    return [each["sha256"] for each in json.loads(asset)["renditions"]] if status == 200 else []


def files(kept):
    return [path for path in kept.glob("**/*") if path.is_file() and path.suffix != ".new"]


def wait_until(true):
    """What it answers then."""
    until = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


def test_a_backup_in_a_directory_is_restored(walk, run, arrived):
    place, _ = walk
    _, restore, _ = block("directory").split("\n")
    kept = place / ".souk/arrived/objects"
    kept.rename(kept.with_name("lost"))  # at once, since files still arrive; the bucket has them
    name = re.search(r"/mnt/backups/\S+", restore)[0]
    moment = re.search(r"--to \S+", restore)[0]
    said = run(restore.replace(name, arrived).replace(moment, "--to latest"))
    assert int(RESTORED.search(said)[1]) > 2


def test_a_backup_in_a_bucket_is_restored(walk, run, arrived):
    place, _ = walk
    variables, *lines, restore = block("bucket").split("\n")
    own = urlsplit(running(Home(place / ".souk")).s3)
    for name, value in (
        ("AWS_ENDPOINT_URL", f"http://{own.hostname}:{own.port}"),
        ("AWS_ACCESS_KEY_ID", own.username),
        ("AWS_SECRET_ACCESS_KEY", own.password),
    ):
        variables, count = re.subn(rf"{name}=\S+", f"{name}={value}", variables)
        assert count == 1
    # A server that runs already: to start another takes a while.
    lines.append(f"export SOUK_S3_URL={own.geturl()}/another")
    said = run("\n".join([variables, *lines, restore]))
    assert int(RESTORED.search(said)[1]) > 2
