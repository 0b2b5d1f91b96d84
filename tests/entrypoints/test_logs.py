"""Log lines: one JSON object each, whatever is in them, and nobody's secrets."""

import asyncio
import json
import os
import subprocess
import sys

from msgspec.structs import replace

from adapters.embedded.ports import free_ports
from entrypoints.settings import to_env
from tests.support.patience import PATIENCE

SCRIPT = """
from entrypoints.logs import configure
import structlog
configure()
log = structlog.get_logger("x")
log.info("odd", keys={(1, 2): "tuple", "half": chr(0xD800)}, thing=object(), raw=b"bytes")
def failing(token="canary-token"):
    words = "canary-words"
    raise ValueError("no")
try:
    failing()
except ValueError:
    log.exception("failed")
"""


def test_any_value_is_written_and_no_variable_of_a_failing_frame():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    odd, failed = [json.loads(line) for line in done.stderr.splitlines()]
    assert odd["event"] == "odd"
    assert failed["exception"][0]["exc_value"] == "no"
    assert failed["exception"][0]["frames"]
    assert "canary" not in done.stderr


OTHERS = """
import logging, warnings
from entrypoints.logs import configure
configure()
logging.getLogger("psycopg").warning("error ignored terminating %r", object)
try:
    raise ValueError("no")
except ValueError:
    logging.getLogger("asyncio").exception("never retrieved")
warnings.warn("soon gone")
"""


def test_what_libraries_say_is_a_line_as_every_other():
    done = subprocess.run(
        [sys.executable, "-c", OTHERS], capture_output=True, text=True, check=True
    )
    told, failed, warned = [json.loads(line) for line in done.stderr.splitlines()]
    assert told.pop("timestamp").endswith("Z")
    assert told == {
        "event": "error ignored terminating <class 'object'>",
        "level": "warning",
        "logger": "psycopg",
    }
    assert failed["exception"][0]["exc_value"] == "no"
    assert "soon gone" in warned["event"]


async def test_what_the_server_of_the_api_says_is_a_line_as_every_other(api):
    command = [sys.executable, "-m", "entrypoints.cli", "api", "--port", str(free_ports(1)[0])]
    env = os.environ | to_env(replace(api.souk.settings, secret=b"any"))
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.STDOUT}
    running = await asyncio.create_subprocess_exec(*command, env=env, **pipes)
    said = []
    try:
        while "Started worker" not in str(said[-1:]):
            said.append(json.loads(await asyncio.wait_for(running.stdout.readline(), PATIENCE)))
    finally:
        running.terminate()
        rest, _ = await running.communicate()
    said += map(json.loads, rest.splitlines())
    assert all("timestamp" in line for line in said)


REQUEST = """
from entrypoints import logs
import structlog
logs.configure()
logs.request("GET", "/orders", 200, 1.5, "some-id")
known = dict(method="GET", route="/orders", status=200, ms=1.5, correlation="some-id")
structlog.get_logger("x").info("request", **known)
"""


def test_a_request_s_line_is_as_every_other_and_only_told_where_such_lines_are():
    loud, quiet = [
        subprocess.run(
            [sys.executable, "-c", REQUEST],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "LOG_LEVEL": level},
        ).stderr
        for level in ("info", "warning")
    ]
    ours, theirs = [json.loads(line) for line in loud.splitlines()]
    assert ours.keys() == theirs.keys()
    assert ours | {"timestamp": ""} == theirs | {"timestamp": ""}
    assert len(ours["timestamp"]) == len(theirs["timestamp"])
    assert quiet == ""
