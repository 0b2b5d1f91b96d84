"""docs/operations.md names what there is."""

import re
from pathlib import Path

from entrypoints.settings import Settings, to_env

PAGE = (Path(__file__).parents[2] / "docs/operations.md").read_text()
KEYS = {"master_key": b"", "signing_key_pem": "", "secret": b""}
SERVERS = dict.fromkeys(("postgres_url", "valkey_url", "nats_url", "s3_url"), "")


def test_every_variable_that_a_process_reads_is_in_its_table():
    table = "\n".join(line for line in PAGE.splitlines() if line.startswith("| `SOUK_"))
    named = set(re.findall(r"`(SOUK_\w+)`", table))
    assert set(to_env(Settings(**SERVERS, **KEYS))) <= named
