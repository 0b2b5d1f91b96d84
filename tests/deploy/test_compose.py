"""compose.yaml and the Dockerfile, by parsing: no container engine runs here."""

import re
from pathlib import Path

import click
import pytest
import yaml

from adapters.embedded.postgres import INITDB
from entrypoints.cli import main
from entrypoints.settings import Settings, to_env

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
ROLES = ("api", "live", "projector", "policies", "worker", "migrate")


def test_there_is_one_image_in_every_role_and_each_server():
    assert {"postgres", "valkey", "nats", "minio", *ROLES} <= set(SERVICES)
    assert len({SERVICES[role]["image"] for role in ROLES}) == 1


@pytest.mark.parametrize("role", ROLES)
def test_a_role_runs_a_command_that_exists_with_options_that_exist(role: str):
    name, *options = SERVICES[role]["command"]
    command = main.get_command(click.Context(main), name)
    known = {flag for p in command.params if isinstance(p, click.Option) for flag in p.opts}
    assert {option for option in options if option.startswith("--")} <= known


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_given_every_variable_that_souk_reads_and_no_other(role: str):
    known = to_env(Settings("", "", "", "", b"", "", b""))
    assert set(SERVICES[role]["environment"]) == {*known, "LOG_LEVEL"}


def test_its_postgres_compares_texts_as_that_of_souk_up_does():
    options = SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    assert set(options) == {o for o in INITDB if "locale" in o or "encoding" in o}


def test_every_dependency_is_a_service():
    wanted = {name for s in SERVICES.values() for name in s.get("depends_on", {})}
    assert wanted <= set(SERVICES)


def test_each_server_is_of_a_version_and_comes_back_by_itself():
    for name in ("postgres", "valkey", "nats", "minio"):
        assert re.search(r":\D*\d", SERVICES[name]["image"]), name
        assert SERVICES[name]["restart"] == "unless-stopped"


def test_who_waits_for_a_healthy_service_waits_for_one_that_is_asked():
    waited = {
        name
        for service in SERVICES.values()
        for name, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_healthy"
    }
    assert {"postgres", "valkey", "nats"} <= waited
    assert all("test" in SERVICES[name]["healthcheck"] for name in waited)


def test_nats_is_asked_at_the_port_that_it_is_watched_at():
    nats = SERVICES["nats"]
    port = nats["command"][nats["command"].index("--http_port") + 1]
    assert f"http://127.0.0.1:{port}/healthz" in nats["healthcheck"]["test"]


def test_each_secret_that_it_cannot_do_without_is_explained():
    required = set(re.findall(r"\$\{(\w+):\?", (ROOT / "compose.yaml").read_text()))
    page = (ROOT / "docs/operations.md").read_text()
    _, _, told = page.partition("To make the three secrets:")
    assert required
    assert {name for name in required if name not in told} == set()


def test_no_secret_has_a_default():
    assert (
        re.findall(
            r"\$\{\w*(?:PASSWORD|KEY|SECRET)\w*:-[^}]*\}", (ROOT / "compose.yaml").read_text()
        )
        == []
    )


def test_the_image_is_built_from_the_hash_pinned_lock_as_an_ordinary_user():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert any("--require-hashes -r requirements.lock" in line for line in lines)
    assert any(line.startswith("USER ") and line != "USER root" for line in lines)
    copied = {
        word
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    }
    assert all((ROOT / word).exists() for word in copied)


def test_the_lock_file_pins_by_hash_and_names_no_index():
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    pinned = re.findall(r"^[a-z0-9][^ ]*==", lock, re.MULTILINE)
    assert len(pinned) > 50
    assert all("--hash=" in block for block in re.split(r"\n(?=[a-z0-9])", lock.strip()))
