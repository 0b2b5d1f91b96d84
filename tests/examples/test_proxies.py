"""API, live gateway and page under one origin, by the examples."""

import json
import re
import time

import httpx
import pytest
from websockets.sync.client import connect

from tests.examples.proxies import EXAMPLES, PROXIES
from tests.support.http import page
from tests.support.patience import PATIENCE


@pytest.fixture(scope="module", params=PROXIES)
def site(request, behind):
    with behind(request.param) as url:
        yield url


@pytest.fixture(scope="module")
def signed(up):
    return {"Authorization": f"Bearer {up.token('seller', 'bazaar')}"}


def socket(site, path="/api/v1/live", **options):
    patient = {"open_timeout": PATIENCE, "ping_interval": None}
    return connect(site.replace("http", "ws") + path, proxy=None, **patient, **options)


def get(url, **more):
    return httpx.get(url, timeout=PATIENCE, **more)


def test_the_page_is_there_and_may_run_nothing_from_elsewhere(site):
    found = get(site + "/")
    assert found.status_code == 200
    assert "<title>Orders, live</title>" in found.text
    assert "default-src 'self'" in found.headers["content-security-policy"]


def test_the_api_is_there(site, signed):
    assert get(f"{site}/api/v1/catalog/products", headers=signed).json()["items"]
    assert get(f"{site}/docs/asyncapi").status_code == 200
    end = time.monotonic() + PATIENCE
    while (status := get(f"{site}/health/ready").json()["status"]) != "ok":  # each within a second
        assert time.monotonic() < end, status
        time.sleep(0.1)


def test_one_path_is_a_socket_for_who_asks_for_one_and_else_tells_where_it_is(site, signed):
    told = get(f"{site}/api/v1/live", headers=signed)
    assert told.json()["websocket"].endswith("/api/v1/live")
    with socket(site, additional_headers=signed, origin=site) as connection:
        assert json.loads(connection.recv(PATIENCE))["type"] == "hello"
        connection.send('{"type":"subscribe","topic":"orders?seller=seller"}')
        assert json.loads(connection.recv(PATIENCE))["type"] == "snapshot"


def test_a_ticket_of_the_api_opens_the_gateway_once(site, signed):
    asked = httpx.post(f"{site}/api/v1/live/tickets", headers=signed, timeout=PATIENCE)
    ticket = asked.json()["ticket"]
    with socket(site, f"/api/v1/live?ticket={ticket}", origin=site) as connection:
        assert json.loads(connection.recv(PATIENCE))["user"] == "seller"
    again = get(f"{site}/api/v1/live/events", params={"ticket": ticket, "topic": "orders"})
    assert again.status_code == 401


def test_events_come_through_as_they_happen(site, signed):
    topics = {"topic": "orders?seller=seller"}
    url = f"{site}/api/v1/live/events"
    with httpx.stream("GET", url, params=topics, headers=signed, timeout=PATIENCE) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        said = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
        assert [next(said)["type"] for _ in range(2)] == ["hello", "snapshot"]


def sent_on(name):
    """Whether a path goes to the API, by the words of an example."""
    text = (EXAMPLES / name).read_text()
    if name == "nginx.conf":
        found = re.search(r"location ~ (\S+) \{\s+proxy_pass http://api;", text)
        return re.compile(found[1]).match
    found = re.search(r"@api path (.+)\n\thandle @api", text)
    patterns = [re.escape(each).replace(r"\*", ".*") for each in found[1].split()]
    return re.compile("|".join(patterns)).fullmatch


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_every_path_of_the_api_is_sent_on_by_an_example(name):
    paths = [*page()["paths"], "/docs", "/docs/openapi.json", "/docs/asyncapi", "/console"]
    assert "/health" in paths
    assert [path for path in paths if not sent_on(name)(path)] == []
    assert not sent_on(name)("/live.html")


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_an_example_closes_what_it_opens_and_names_both_ends(name):
    """All that is looked at where the proxies are not installed."""
    text = (EXAMPLES / name).read_text()
    said = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    assert said.count("{") == said.count("}")
    for wanted in ("/api/v1/live", "/api/v1/live/events", "127.0.0.1:8000", "127.0.0.1:8001"):
        assert wanted in said
    assert "SOUK_ORIGINS" in text
