"""One command starts everything, and nothing that happens to it loses data."""

import asyncio
import json
import os
import pwd
import shutil
import signal
import tempfile
import time
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

import jwt
import nats
import psutil
import pytest

from adapters.nats.flushing import flushed
from tests.support.instances import Up, souk
from tests.support.patience import PATIENCE

SERVERS = {"postgres": "postgres", "valkey": "valkey-server", "nats": "nats-server", "s3": "weed"}
ONE_OF_EACH = dict.fromkeys(SERVERS, 1)
CHOSEN = {"SOUK_ISSUER": "https://souk.example", "SOUK_AUDIENCE": "shops", "SOUK_SECRET": "mine"}
NOBODY = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None  # we are an ordinary user


@contextmanager
def started(directory, **more):
    """An instance that leaves nothing behind."""
    instance = Up(directory, **more)
    try:
        yield instance.ready()
    finally:
        instance.stop()
        assert instance.processes() == []


@pytest.fixture(scope="module")
def instance(walk):
    return walk[1]


@pytest.fixture(scope="module")
def other():
    """Of an ordinary user, who has chosen something, below a path that is neither ASCII nor one
    word. To start one takes a while: who kills it comes after who asks it."""
    home = Path(tempfile.mkdtemp(prefix="souk-nobody-"))
    if NOBODY is not None:
        os.chown(home, NOBODY, -1)
    try:
        with started(home / "Söuk é", user=NOBODY, variables=CHOSEN) as running:
            yield running
    finally:
        shutil.rmtree(home)


def create_tenant(instance, name):
    token = instance.token("admin", name)
    body = {"id": name, "name": name.title(), "currency": "DZD"}
    status, answer = instance.post("/api/v1/tenants", body, token, key=f"make-{name}")
    assert status == 201, answer
    return json.loads(answer)["position"]


def tenant_of(instance, name, after):
    """Asked for again while its projection is behind for longer than the API waits: it may only
    just have been started."""
    path, token = f"/api/v1/tenants/{name}?after={after}", instance.token("admin", name)
    until = time.monotonic() + PATIENCE
    while (answer := instance.get(path, token))[0] == 503 and time.monotonic() < until:
        time.sleep(0.1)
    return answer


def servers_of(instance):
    """How many of each server run on the directory."""
    names = Counter(of_each(instance, _server))
    return {server: names[binary] for server, binary in SERVERS.items()}


def _server(process):
    """Its name; empty for what a server forked, as Postgres does for each connection."""
    parent = process.parent()
    return process.name() if parent and parent.name() != process.name() else ""


def of_each(instance, look):
    """What each of its processes is found to be, but for those that end meanwhile."""
    for process in instance.processes():
        with suppress(psutil.NoSuchProcess):
            yield look(process)


def _until(true, within=PATIENCE):
    until = time.monotonic() + within
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.1)


def test_what_is_written_is_read_and_one_of_each_server_runs(instance):
    assert instance.get("/health/live")[0] == 200
    assert instance.get("/docs/openapi.json")[0] == 200
    position = create_tenant(instance, "acme")
    assert tenant_of(instance, "acme", position)[0] == 200
    assert servers_of(instance) == ONE_OF_EACH


async def test_a_change_is_pushed_over_nats(instance):
    servers = json.loads((instance.directory / "instance.json").read_text())
    client = await nats.connect(servers["nats"])
    pushed = await client.subscribe("souk.pushed.tenants.>")
    await flushed(client)
    position = await asyncio.to_thread(create_tenant, instance, "pushed")
    change = json.loads((await pushed.next_msg(timeout=PATIENCE)).data)
    assert 0 < change["position"] <= position
    assert change["document"]["name"] == "Pushed"
    await client.close()


def test_secrets_and_addresses_are_for_their_owner_alone(instance):
    secrets = [*(instance.directory / "secrets").iterdir(), instance.directory / "instance.json"]
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}


def test_the_other_commands_find_the_instance(instance):
    token = souk("token", "--role", "buyer", "--tenant", "acme", at=instance.directory)
    assert token.stdout.splitlines()[-1].count(".") == 2
    assert "all is there" in souk("migrate", at=instance.directory).stdout
    create_tenant(instance, "counted")
    words = ("report", "marketplace", "--tenant", "counted", "--json")
    assert json.loads(souk(*words, at=instance.directory).stdout)["checkouts"] == 0


@pytest.mark.parametrize(
    "words", [["token", "--role", "buyer"], ["report", "marketplace", "--tenant", "x"]]
)
def test_without_an_instance_they_say_so_in_one_line(tmp_path, words):
    missing = souk(*words, at=tmp_path)
    assert missing.returncode == 2
    assert missing.stderr.startswith("Error: No Souk runs on")
    assert missing.stderr.count("\n") == 1


def test_a_second_one_on_the_same_directory_or_port_is_refused_clearly(instance, tmp_path):
    same = souk("up", "--port", "0", at=instance.directory)
    assert (same.returncode, "in use by another" in same.stderr) == (2, True)
    port = instance.url.rpartition(":")[2]
    taken = souk("up", "--port", port, at=tmp_path / "other")
    assert (taken.returncode, f"Port {port}" in taken.stderr) == (2, True)
    assert "--port 0 finds one" in taken.stderr
    taken = souk("up", "--live-port", port, "--port", "0", at=tmp_path / "other")
    assert (taken.returncode, "--live-port 0 finds one" in taken.stderr) == (2, True)


def test_a_port_or_directory_that_cannot_be_is_refused_in_one_line(tmp_path):
    port = souk("up", "--port", "99999", at=tmp_path / "souk")
    assert (port.returncode, "range 0<=x<=65535" in port.stderr) == (2, True)
    (tmp_path / "file").touch()
    below = souk("up", "--port", "0", at=tmp_path / "file" / "souk")
    assert (below.returncode, "cannot be used: Not a directory" in below.stderr) == (2, True)
    assert "Traceback" not in port.stderr + below.stderr


def test_two_instances_run_side_by_side_and_trust_only_their_own(instance, other):
    assert other.get("/api/v1/tenants/acme", instance.token("admin", "acme"))[0] == 401
    assert tenant_of(other, "acme", 0)[0] == 404
    assert servers_of(instance) == servers_of(other) == ONE_OF_EACH


def test_an_ordinary_user_runs_it_too(other):
    ordinary = os.geteuid() if NOBODY is None else NOBODY
    assert ordinary != 0
    assert set(of_each(other, lambda each: each.uids().real)) == {ordinary}


def test_a_directory_may_be_called_anything(other):
    assert other.directory.name == "Söuk é"
    _until(lambda: _status(other) == "ok")


def test_its_tokens_name_whom_its_operator_chose_and_what_is_not_read_is_told(other):
    token = other.token("admin", "acme")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["iss"], claims["aud"]) == ("https://souk.example", "shops")
    assert other.get("/api/v1/tenants/acme", token)[0] == 404  # and not 401
    assert other.said.count("is not read") == 1
    assert "SOUK_SECRET is not read" in other.said


@pytest.mark.parametrize(
    ("variable", "nonsense"),
    [("SOUK_ISSUERS", "me"), ("SOUK_PATIENCE", "long"), ("SOUK_AS_OF_FOLDS", "all")],
)
def test_a_variable_that_is_nonsense_is_refused_before_anything_starts(
    tmp_path, monkeypatch, variable, nonsense
):
    monkeypatch.setenv(variable, nonsense)
    refused = souk("up", "--port", "0", at=tmp_path / "souk")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
    assert refused.stderr.startswith(f"Error: {variable} must be")
    assert not (tmp_path / "souk").exists()


def test_a_role_and_a_server_that_die_are_started_again(instance):
    position = create_tenant(instance, "mended")
    victims = [each for each in of_each(instance, _victim) if each]
    assert len(victims) == 2
    for process in victims:
        process.kill()
    _until(lambda: _status(instance) == "ok" and servers_of(instance) == ONE_OF_EACH)
    assert tenant_of(instance, "mended", position)[0] == 200


def _victim(process):
    if process.name() == "valkey-server" or process.cmdline()[-1:] == ["projector"]:
        return process
    return None


def _status(instance):
    return json.loads(instance.get("/health/ready")[1]).get("status")


def test_killed_alone_or_with_its_whole_tree_it_starts_again_with_all_data(other):
    position = create_tenant(other, "acme")
    other.kill()
    second = Up(other.directory, user=NOBODY).ready()
    assert servers_of(second) == ONE_OF_EACH  # never a second writer
    assert tenant_of(second, "acme", position)[0] == 200
    second.kill_tree()
    with started(other.directory, user=NOBODY) as third:
        assert tenant_of(third, "acme", position)[0] == 200


def test_a_signal_during_the_start_leaves_nothing_behind(tmp_path):
    instance = Up(tmp_path / "souk")
    _until(lambda: (instance.directory / "run" / "valkey.json").exists())
    instance.process.send_signal(signal.SIGINT)
    assert instance.process.wait(PATIENCE) == 0, instance.said
    assert instance.processes() == []
