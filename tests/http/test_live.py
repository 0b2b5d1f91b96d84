"""What the API says of the live gateway: where it is, what may be watched, how one talks to it."""

import json

import jsonschema_rs
import pytest

from adapters.tokens.signing import new_key
from entrypoints.live.asyncapi import document
from entrypoints.live.kinds import KINDS
from entrypoints.live.messages import RECEIVED, SENT
from entrypoints.settings import (
    REQUIRED,
    Settings,
    SettingsMissing,
    from_env,
    live_url_of,
    origins_of,
    own_origins,
    to_env,
)
from tests.live.test_topics import trade
from tests.support.http import running_api
from tests.support.live import running_gateway


async def test_it_says_where_the_gateway_is(stack, database):
    async with running_api(stack, database, live_url="https://live.shop.example/souk") as api:
        told = (await api.of("buyer", "karim").get("/live")).json()
    assert told["websocket"] == "wss://live.shop.example/souk/api/v1/live"
    assert told["events"] == "https://live.shop.example/souk/api/v1/live/events"


async def test_unless_told_it_is_where_the_api_is(api):
    told = (await api.of("buyer", "karim").get("/live")).json()
    assert told["websocket"] == "ws://souk/api/v1/live"
    assert "orders?buyer=karim" in told["topics"]
    assert "orders" not in told["topics"]
    assert "orders" in (await api.of("auditor", "audrey").get("/live")).json()["topics"]


async def test_the_page_is_served_to_programs_and_to_people(api):
    told = await api.http.get("/docs/asyncapi")
    assert told.json() == (await api.http.get("/docs/asyncapi.json")).json()
    assert told.json()["asyncapi"] == "3.0.0"
    page = await api.http.get("/docs/asyncapi", headers={"accept": "text/html,*/*"})
    assert page.headers["content-type"].startswith("text/html")
    for kind in (*SENT, *RECEIVED):
        assert f"<code>{kind.__struct_config__.tag}</code>" in page.text
    for context in KINDS:
        assert f"<code>{context}/" in page.text


def test_a_topic_has_no_address_and_so_no_parameters_in_it():
    """AsyncAPI has parameters in addresses only; its parser takes no document with others."""
    channels = document()["channels"].values()
    topics = [channel for channel in channels if "x-topic" in channel]
    assert {channel["address"] for channel in topics} == {None}
    assert [channel for channel in channels if "parameters" in channel] == []


def references(part):
    if isinstance(part, dict):
        yield from [part["$ref"]] if "$ref" in part else []
        part = list(part.values())
    for each in part if isinstance(part, list) else []:
        yield from references(each)


def test_every_reference_of_the_page_leads_somewhere():
    page = document()
    for reference in references(page):
        found = page
        for word in reference.removeprefix("#/").split("/"):
            found = found[word]


def validator(reference):
    page = json.loads(json.dumps(document()))
    return jsonschema_rs.validator_for({"$ref": reference, "components": page["components"]})


async def test_what_is_said_is_as_the_page_says(api):
    ids = await trade(api)
    async with running_gateway(api) as readers:
        reader = await readers.of("admin", "root")
        for topic in ("orders", "analytics/sales", f"payments/{ids['payments']}", "nowhere", "x y"):
            await reader.subscribed(topic)
        await reader.subscribed("catalog", after=0)
        reader.ask(type="ping", n=1)
        reader.ask(type="unsubscribe", topic="orders")
        await reader.until(lambda m: m["type"] == "change")
    kinds = set()
    for message in reader.told:
        kinds.add(message["type"])
        name = message["type"].title()
        assert validator(f"#/components/schemas/{name}").is_valid(message), message
    assert kinds == {"hello", "snapshot", "error", "resumed", "change", "pong", "unsubscribed"}


async def test_documents_are_as_the_page_says(api):
    await trade(api)
    page = document()
    shown = {
        channel["x-topic"]: message["payload"]["allOf"][1]["properties"]["document"]
        for channel in page["channels"].values()
        if "x-topic" in channel
        for message in channel["messages"].values()
    }
    async with running_gateway(api) as readers:
        reader = await readers.of("admin", "root")
        for topic in ("orders", "checkouts", "payments", "carts", "catalog", "inventory"):
            snapshot = await reader.subscribed(topic)
            assert snapshot["items"], topic
            reference = shown[topic]["anyOf"][0]["$ref"]
            for item in snapshot["items"]:
                assert validator(reference).is_valid(item["document"]), (topic, item)


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", ()),
        ("https://a.example", ("https://a.example",)),
        ("https://a.example, http://b:8080", ("https://a.example", "http://b:8080")),
        ('["https://a.example","http://[::1]:80"]', ("https://a.example", "http://[::1]:80")),
    ],
)
def test_origins_are_listed_either_way(text, origins):
    assert origins_of({"SOUK_ORIGINS": text}) == origins


@pytest.mark.parametrize(
    "text",
    ["*", "null", "https://a.example/", "https://A.example", "a.example", "[1]", "["],
)
def test_what_no_browser_sends_is_no_origin(text):
    with pytest.raises(SettingsMissing, match="SOUK_ORIGINS"):
        origins_of({"SOUK_ORIGINS": text})


def test_the_gateway_is_at_an_http_url():
    assert live_url_of({"SOUK_LIVE_URL": "https://x.example/"}) == "https://x.example"
    with pytest.raises(SettingsMissing, match="SOUK_LIVE_URL"):
        live_url_of({"SOUK_LIVE_URL": "wss://x.example"})


def test_its_settings_reach_the_children():
    env = dict.fromkeys(REQUIRED, "x") | {"SOUK_MASTER_KEY": "A" * 43 + "="}
    env |= {"SOUK_POSTGRES_URL": "postgresql://x", "SOUK_VALKEY_URL": "redis://x"}
    env |= {"SOUK_SIGNING_KEY": new_key(), "SOUK_LIVE_URL": "http://x:1"}
    settings: Settings = from_env(env | {"SOUK_ORIGINS": "http://a,http://b"})
    assert settings.origins == ("http://a", "http://b")
    assert from_env(to_env(settings)) == settings


def test_its_own_pages_may_come_from_this_machine_by_either_name():
    assert own_origins("127.0.0.1", 1) == ["http://127.0.0.1:1", "http://localhost:1"]
    assert own_origins("shop.example", 1) == ["http://shop.example:1"]
