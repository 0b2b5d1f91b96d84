"""docs/operations.md names what there is."""

import re
from pathlib import Path

from adapters.embedded.postgres import SETTINGS
from entrypoints.instance import OWN, URLS
from entrypoints.settings import Settings, choices_of, to_env

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operations.md").read_text()
KEYS = {"master_key": b"", "signing_key_pem": "", "secret": b""}
SERVERS = dict.fromkeys(("postgres_url", "valkey_url", "nats_url", "s3_url"), "")


def variables() -> set[str]:
    """Those of its table."""
    cells = re.findall(r"^\| (`[A-Z0-9_`, ]+) \|", PAGE, re.MULTILINE)
    return set(re.findall(r"`(\w+)`", " ".join(cells)))


def test_every_variable_that_a_process_reads_is_in_its_table():
    assert {*to_env(Settings(**SERVERS, **KEYS)), "LOG_LEVEL"} == variables()


def test_souk_up_reads_every_variable_but_those_that_it_says_are_not_read():
    class Noted(dict[str, str]):
        def get(self, name, default=None):
            self[name] = ""
            return default

    read = Noted()
    choices_of(read)
    assert {*read, *URLS.values(), *OWN, "LOG_LEVEL"} == variables()
    assert not {*read, *URLS.values()} & {*OWN}
    told = re.search(r"Keys and receipts are its own \((.*?)are not read", PAGE, re.DOTALL)
    assert re.findall(r"`(SOUK_\w+)`", told[1]) == [*OWN]


def test_a_postgres_of_ones_own_is_to_take_as_many_connections_as_ours():
    (told,) = re.findall(r"`max_connections = (\d+)`", PAGE)
    assert told == SETTINGS["max_connections"]
    assert f"max_connections={told}" in (ROOT / "compose.yaml").read_text()
