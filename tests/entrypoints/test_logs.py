"""Log lines: one JSON object each, whatever is in them, and nobody's secrets."""

import json
import os
import subprocess
import sys

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
