"""A ticket lets one person in, once, for half a minute, with what their token allows."""

import asyncio
import hashlib

import pytest
import redis.asyncio as redis

from adapters.live.tickets import LASTS, Bearer, Tickets
from application.ports import Unavailable
from tests.support.http import empty_valkey
from tests.support.live import running_gateway
from tests.support.stack import free_ports

AMINA = Bearer("bazaar", "amina", frozenset({"orders:read"}), 2_000_000_000)


@pytest.fixture
async def url(stack):
    return await empty_valkey(stack)


@pytest.fixture
async def tickets(url):
    made = Tickets(url)
    yield made
    await made.close()


async def test_a_ticket_is_good_once_however_many_try(tickets):
    ticket = await tickets.issue(AMINA)
    taken = await asyncio.gather(*(tickets.take(ticket) for _ in range(20)))
    assert sorted(map(str, taken)) == sorted(map(str, [AMINA, *[None] * 19]))


async def test_no_two_are_alike_and_no_other_word_is_one(tickets):
    assert await tickets.issue(AMINA) != await tickets.issue(AMINA)
    for word in ("", "x", "x" * 10_000, "*", "é"):
        assert await tickets.take(word) is None


async def test_valkey_holds_no_ticket_and_forgets_it_soon(tickets, url):
    ticket = await tickets.issue(AMINA)
    async with redis.Redis.from_url(url) as valkey:
        (key,) = await valkey.keys("*")
        assert key.decode().endswith(hashlib.sha256(ticket.encode()).hexdigest())
        assert 0 < await valkey.ttl(key) <= LASTS
        assert ticket.encode() not in key + await valkey.get(key)


async def test_the_reply_to_another_lets_nobody_in(tickets, url):
    mine, other = await tickets.issue(AMINA), await tickets.issue(AMINA)
    async with redis.Redis.from_url(url) as valkey:
        first, second = [
            f"souk:live:ticket:{hashlib.sha256(word.encode()).hexdigest()}"
            for word in (mine, other)
        ]
        await valkey.copy(first, second, replace=True)
    assert await tickets.take(other) is None


async def test_without_valkey_nobody_is_let_in_by_a_ticket():
    (port,) = free_ports(1)
    tickets = Tickets(f"redis://127.0.0.1:{port}/0", timeout=0.2)
    with pytest.raises(Unavailable):
        await tickets.issue(AMINA)
    with pytest.raises(Unavailable):
        await tickets.take("x")
    await tickets.close()


async def test_a_ticket_of_the_api_opens_the_gateway_once(api):
    async with running_gateway(api) as readers:
        made = await api.of("buyer", "karim").post("/live/tickets")
        assert made.status_code == 201
        ticket = made.json()["ticket"]
        reader = await readers.enter(ticket=[ticket])
        assert (reader.told[0]["user"], reader.told[0]["tenant"]) == ("karim", "bazaar")
        assert (await reader.subscribed("orders?buyer=karim"))["type"] == "snapshot"
        assert (await reader.subscribed("orders"))["code"] == "forbidden"
        again = await readers.refused(ticket=[ticket])
        assert (again.status, again.code) == (401, "unauthenticated")


async def test_a_ticket_is_no_longer_good_than_the_token_it_was_asked_for_with(api):
    async with running_gateway(api) as readers:
        token = api.token("buyer", "karim")
        made = await api.http.post(
            "/api/v1/live/tickets", headers={"authorization": f"Bearer {token}"}
        )
        by_ticket = await readers.enter(ticket=[made.json()["ticket"]])
        by_token = await readers.signed_in(token)
        assert by_ticket.told[0]["expires_at"] == by_token.told[0]["expires_at"]


async def test_only_who_is_signed_in_gets_one(api):
    assert (await api.http.post("/api/v1/live/tickets")).status_code == 401
    assert (await api.http.get("/api/v1/live")).status_code == 401


async def test_a_parameter_that_the_gateway_does_not_know_is_refused(api):
    """As the API refuses it: whoever misspells ``topic`` is told so."""
    signed, one = {"authorization": f"Bearer {api.token('buyer', 'karim')}"}, ["carts?owner=karim"]
    async with running_gateway(api) as readers:
        for kind, query, detail in (
            ("websocket", {"topic": one}, "topic: no such parameter"),
            ("websocket", {"ticket": ["t", "u"]}, "ticket: sent twice"),
            ("sse", {"topic": one, "topics": one}, "topics: no such parameter"),
            ("sse", {"topic": one, "a\nb": one}, "no such parameter"),
        ):
            refusal = await readers.refused(signed, kind, **query)
            assert (refusal.status, refusal.code) == (400, "malformed")
            assert refusal.detail == detail
        assert (await readers.enter(signed, "sse", topic=one * 2)).told[0]["type"] == "hello"
