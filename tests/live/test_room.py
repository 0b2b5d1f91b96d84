"""A gateway takes the descriptors that it may have, and no more connections than those."""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import json, resource, sys
soft, hard, most = json.loads(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
from adapters.live.listening import room
print(json.dumps([room(most), *resource.getrlimit(resource.RLIMIT_NOFILE)]))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "most", "then"),
    [
        (512, 4000, 3000, [3000, 3256, 4000]),  # it asks for what it needs
        (512, 2000, 3000, [1744, 2000, 2000]),  # it gets what there is
        (3500, 4000, 3000, [3000, 3500, 4000]),  # it has enough
        (300, 300, 3000, [44, 300, 300]),
    ],
)
def test_as_many_connections_as_there_are_descriptors(soft, hard, most, then):
    script = [sys.executable, "-c", SCRIPT, json.dumps([soft, hard, most])]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == then
