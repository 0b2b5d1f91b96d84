"""Log lines: one JSON object each, whatever is in them, and nobody's secrets."""

import json
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
