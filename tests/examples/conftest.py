"""One Souk behind each of the proxies that are installed."""

import json

import pytest

from adapters.embedded.ports import free_ports
from tests.examples.browser import browsing, installed
from tests.examples.proxies import PROXIES, program, running
from tests.support.instances import Up

NEEDED = "apt-get install --no-install-recommends nginx-light caddy"


@pytest.fixture(scope="session")
def ports():
    return dict(zip(PROXIES, free_ports(len(PROXIES)), strict=True))


@pytest.fixture(scope="session")
def up(tmp_path_factory, ports):
    origins = [f"http://127.0.0.1:{port}" for port in ports.values()]
    variables = {"SOUK_ORIGINS": ",".join(origins), "SOUK_LIVE_URL": origins[0]}
    place = tmp_path_factory.mktemp("examples") / "souk"
    souk = Up(place, seeded=True, variables=variables).ready()
    yield souk
    assert souk.stop() == 0


@pytest.fixture(scope="session")
def behind(up, ports, tmp_path_factory):
    """Starts a proxy before the running Souk, by name."""

    def start(name):
        if not program(name):
            pytest.skip(f"{name} is not installed: {NEEDED}")
        live = json.loads((up.directory / "instance.json").read_text())["live"]
        return running(name, tmp_path_factory.mktemp(name), ports[name], up.url, live)

    return start


@pytest.fixture(scope="session")
def browser():
    if not installed():
        pytest.skip("chromium is not installed: apt-get install chromium")
    with browsing() as address:
        yield address


@pytest.fixture(scope="module")
def site(behind):
    """Where a browser finds the pages. Gone before the proxies' own tests start one there."""
    with behind("nginx") as url:
        yield url
