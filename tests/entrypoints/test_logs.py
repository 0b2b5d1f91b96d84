"""A log line that cannot be written is lost, and nothing else is."""

import subprocess
import sys

SPEAK = """
import logging, structlog
from entrypoints import logs
logs.configure()
structlog.get_logger().error("lost")
logging.getLogger("other").error("lost too")
print("alive")
"""


def test_a_full_disk_under_the_log_stops_nobody():
    with open("/dev/full", "w") as full:
        said = subprocess.run(
            [sys.executable, "-c", SPEAK], stderr=full, stdout=subprocess.PIPE, text=True
        )
    assert said.stdout == "alive\n"
