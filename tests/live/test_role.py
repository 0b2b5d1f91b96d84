"""`souk up` runs the gateway: over the wire, from signing in to being told to come back."""

import asyncio
import json
import signal
import time
import urllib.error
import urllib.request
from contextlib import suppress

import psutil
import pytest
from websockets.asyncio import client
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from tests.support.patience import PATIENCE


@pytest.fixture(scope="module")
def up(walk):
    return walk[1]


@pytest.fixture(scope="module")
def seller(up):
    return up.token("seller", "bazaar")


def told(up, token):
    status, answer = up.get("/api/v1/live", token)
    assert status == 200
    return json.loads(answer)


async def heard(socket, true):
    async with asyncio.timeout(PATIENCE):
        while not true(message := json.loads(await socket.recv())):
            pass
    return message


def connect(where, **options):
    return client.connect(where, open_timeout=PATIENCE, ping_interval=None, **options)


def posted(up, token, path, body, key):
    """Sent again with its key while the servers take too long for the API."""
    until = time.monotonic() + PATIENCE
    while (found := up.post(path, body, token, key))[0] == 503 and time.monotonic() < until:
        time.sleep(0.5)
    assert found[0] < 300, found
    return json.loads(found[1])


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


async def test_a_change_reaches_who_subscribed(up, seller):
    where = told(up, seller)
    assert json.loads((up.directory / "instance.json").read_text())["live"] in where["events"]
    async with connect(where["websocket"], additional_headers=bearer(seller)) as socket:
        assert (await heard(socket, lambda m: True))["user"] == "seller"
        await socket.send(json.dumps({"type": "subscribe", "topic": "catalog?seller=seller"}))
        snapshot = await heard(socket, lambda m: m["type"] == "snapshot")
        product = snapshot["items"][0]
        made = await asyncio.to_thread(
            posted,
            up,
            seller,
            f"/api/v1/catalog/products/{product['id']}/minimum",
            {"quantity": product["document"]["min_order_quantity"] + 1},
            "live-1",
        )
        change = await heard(socket, lambda m: m.get("position") == made["position"])
        assert (change["type"], change["id"]) == ("change", product["id"])


async def test_a_browser_signs_in_by_a_ticket_from_a_page_of_ours_alone(up, seller):
    where = told(up, seller)
    ticket = posted(up, seller, where["tickets"], None, "unused")["ticket"]
    url = f"{where['websocket']}?ticket={ticket}"
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403
    async with connect(url, origin=up.url) as socket:
        assert (await heard(socket, lambda m: True))["type"] == "hello"
    with pytest.raises(InvalidStatus) as used:
        async with connect(url, origin=up.url):
            pass
    assert used.value.response.status_code == 401
    assert json.loads(used.value.response.body)["code"] == "unauthenticated"


def test_an_event_stream_needs_no_more_than_http(up, seller):
    url = f"{told(up, seller)['events']}?topic=analytics/seller"
    request = urllib.request.Request(url, headers=bearer(seller))
    with urllib.request.urlopen(request, timeout=PATIENCE) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = (line.decode().strip() for line in stream)
        data = [json.loads(next(line for line in lines if line[:5] == "data:")[5:]) for _ in "ab"]
        assert [message["type"] for message in data] == ["hello", "snapshot"]
        assert data[1]["items"][0]["id"] == "seller"


@pytest.mark.parametrize(("token", "status"), [(None, 401), ("x.y.z", 401)])
def test_who_is_not_signed_in_hears_a_problem(up, seller, token, status):
    request = urllib.request.Request(f"{told(up, seller)['events']}?topic=catalog")
    answered, body = up.ask(request, token)
    assert (answered, json.loads(body)["code"]) == (status, "unauthenticated")


def words(process):
    """None of one that has ended meanwhile, as those of Postgres do all the time."""
    with suppress(psutil.Error):
        return set(process.cmdline())
    return set()


async def test_who_stays_to_the_end_is_told_to_come_back_and_may(up, seller):
    where = told(up, seller)
    (process,) = [each for each in up.processes() if {"live", "--port"} <= words(each)]
    async with connect(where["websocket"], additional_headers=bearer(seller)) as socket:
        psutil.Process(process.pid).send_signal(signal.SIGTERM)
        assert (await heard(socket, lambda m: m["type"] == "bye"))["retry_in"] > 0
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd.code == 1012
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with connect(where["websocket"], additional_headers=bearer(seller)) as again:
                    assert (await heard(again, lambda m: True))["type"] == "hello"
                    return
            except (OSError, WebSocketException):
                await asyncio.sleep(0.1)
