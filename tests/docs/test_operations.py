"""docs/operations.md names what there is."""

import re
from pathlib import Path

from adapters.embedded.postgres import SETTINGS
from entrypoints.settings import Settings, to_env

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operations.md").read_text()
KEYS = {"master_key": b"", "signing_key_pem": "", "secret": b""}
SERVERS = dict.fromkeys(("postgres_url", "valkey_url", "nats_url", "s3_url"), "")


def test_every_variable_that_a_process_reads_is_in_its_table():
    table = "\n".join(line for line in PAGE.splitlines() if line.startswith("| `SOUK_"))
    named = set(re.findall(r"`(SOUK_\w+)`", table))
    assert set(to_env(Settings(**SERVERS, **KEYS))) <= named


def test_a_postgres_of_ones_own_is_to_take_as_many_connections_as_ours():
    (told,) = re.findall(r"`max_connections = (\d+)`", PAGE)
    assert told == SETTINGS["max_connections"]
    assert f"max_connections={told}" in (ROOT / "compose.yaml").read_text()
