"""Whoever is connected may watch what their token and their role allow by now, and no longer."""

import asyncio
import json
import time
from datetime import timedelta

import pytest

from adapters.live.peer import Refusal
from domain.permissions import ROLES, allows, expand
from entrypoints.live.authority import narrowed
from projections.identity import role_of
from tests.http.test_tokens import FORGED
from tests.live.test_topics import trade
from tests.support.live import running_gateway
from tests.support.patience import PATIENCE


@pytest.fixture
async def readers(api):
    async with running_gateway(api) as running:
        yield running


def test_a_role_takes_away_and_never_gives():
    every = {name: expand(granted) for name, granted in ROLES.items()}
    for held in every.values():
        assert narrowed(held, None) == held
        assert narrowed(held, "") == frozenset()
        for role, granted in every.items():
            both = narrowed(held, role)
            for permission in set().union(*every.values()):
                wanted = allows(held, permission) and allows(granted, permission)
                assert allows(both, permission) == wanted, (role, permission)
    assert narrowed(frozenset({"orders:*"}), "buyer") == {
        one for one in expand(ROLES["buyer"]) if one.startswith("orders:")
    }


@pytest.mark.parametrize(
    ("member", "role"),
    [
        ({"role": "buyer", "sells": False, "shop": ""}, "buyer"),
        ({"role": "buyer", "sells": True, "shop": "Teas"}, "seller"),
        ({"role": "seller", "sells": False, "shop": ""}, "seller"),
        ({"role": "seller", "sells": False, "shop": "Teas"}, "buyer"),
        ({"role": "admin", "sells": False, "shop": "Teas"}, "admin"),
        (None, ""),
    ],
)
def test_who_sells_is_a_seller_and_who_was_dismissed_is_not(member, role):
    assert role_of(json.dumps(member).encode()) == role


async def test_no_token_and_no_forged_one_opens_the_gateway(readers):
    for headers in (
        {},
        {"authorization": "Basic YTpi"},
        {"authorization": "Bearer"},
        *({"authorization": f"Bearer {token}"} for token in FORGED.values()),
    ):
        refusal = await readers.refused(headers)
        assert (refusal.status, refusal.code) == (401, "unauthenticated")
        assert refusal.headers["WWW-Authenticate"] == "Bearer"


async def test_a_token_in_the_url_is_none(api, readers):
    token = api.token("buyer", "karim")
    assert (await readers.refused(token=[token])).status == 400
    assert (await readers.refused(ticket=[token])).status == 401


async def test_who_was_made_a_seller_may_use_a_sellers_token(api, readers):
    await api.market("amina")
    admin = api.of("admin", "root")
    await admin.post("/identity/members", {"user": "karim", "role": "buyer"})
    reader = await until_role(readers, "karim", "buyer")
    assert (await reader.subscribed("analytics/karim"))["code"] == "forbidden"
    await admin.post("/identity/members/karim/appoint-seller", {"shop": "Rugs"})
    await until(lambda: reader.session.person.role == "seller")
    assert (await reader.subscribed("analytics/karim"))["type"] == "snapshot"


async def test_who_is_dismissed_loses_what_only_sellers_may_watch(api, readers):
    ids = await trade(api)
    amina = await readers.of("seller", "amina")
    kept = ["orders?seller=amina", f"orders/{ids['orders']}", "catalog?seller=amina"]
    lost = "analytics/amina"
    for topic in (*kept, lost):
        assert (await amina.subscribed(topic))["type"] == "snapshot"
    admin = api.of("admin", "root")
    gone = await admin.post("/identity/members/amina/dismiss-seller", {"reason": "left"})
    assert gone.status_code == 200
    told = await amina.until(lambda m: m["type"] == "unsubscribed")
    assert (told["topic"], told["code"]) == (lost, "forbidden")
    assert [m["code"] for m in amina.of(lost) if m["type"] == "error"] == ["forbidden"]
    assert sorted(amina.session.watched) == sorted(kept)
    again = await readers.of("seller", "amina")
    assert (await again.subscribed(lost))["code"] == "forbidden"


async def test_a_wider_token_than_ones_role_is_no_wider(api, readers):
    await trade(api)
    await api.of("admin", "root").post("/identity/members", {"user": "eve", "role": "buyer"})
    reader = await until_role(readers, "eve", "buyer", "admin")
    assert (await reader.subscribed("orders"))["code"] == "forbidden"
    assert (await reader.subscribed("orders?buyer=eve"))["type"] == "snapshot"


async def test_who_was_removed_is_not_let_in_by_a_ticket_of_before(api, readers):
    await api.market("amina")
    admin = api.of("admin", "root")
    ticket = (await api.of("seller", "amina").post("/live/tickets")).json()["ticket"]
    gone = await admin.post("/identity/members/amina/remove", {"reason": "left"})
    await admin.get("/identity/members", after=gone.json()["position"])
    refusal = await readers.refused(ticket=[ticket])
    assert (refusal.status, refusal.code) == (401, "unauthenticated")
    assert readers.gateway._people._people == {}


async def test_who_is_removed_is_sent_away_and_their_token_opens_nothing_any_more(api, readers):
    await api.market("amina")
    token, topic = api.token("seller", "amina"), "catalog?seller=amina"
    bearer = {"authorization": f"Bearer {token}"}
    socket, stream = await readers.enter(bearer), await readers.enter(bearer, "sse", topic=[topic])
    await socket.subscribed(topic)
    karim = await readers.of("buyer", "karim")
    gone = {"reason": "left"}
    await api.of("admin", "root").post("/identity/members/amina/remove", gone)
    for reader in (socket, stream):
        told = await reader.until(lambda m: m["type"] == "error")
        assert told["code"] == "unauthenticated"
        assert "topic" not in told
        assert reader.code == 4401
    before = len(socket.frames)
    socket.ask(type="authenticate", token=token)
    await until(lambda: not readers.gateway._work)
    assert len(socket.frames) == before
    assert not karim.closed


async def test_another_token_of_the_same_person_goes_on(api, readers):
    short = api.souk.signer.sign("karim", "bazaar", ROLES["buyer"], lasts=timedelta(minutes=5))
    reader = await readers.signed_in(short)
    reader.ask(type="authenticate", token=api.token("buyer", "karim"))
    hello = await reader.until(lambda m: m["type"] == "hello" and m != reader.told[0])
    assert hello["expires_at"] > reader.told[0]["expires_at"]
    readers.gateway.expiries.look(time.time() + 600)
    assert not reader.closed


async def test_a_narrower_token_ends_what_it_does_not_allow(api, readers):
    await trade(api)
    reader = await readers.of("admin", "root")
    for topic in ("orders", "orders?buyer=root"):
        assert (await reader.subscribed(topic))["type"] == "snapshot"
    reader.ask(type="authenticate", token=api.token("buyer", "root"))
    told = await reader.until(lambda m: m["type"] == "unsubscribed")
    assert (told["topic"], told["code"]) == ("orders", "forbidden")
    assert list(reader.session.watched) == ["orders?buyer=root"]


@pytest.mark.parametrize(("user", "tenant"), [("lina", "bazaar"), ("karim", "elsewhere")])
async def test_another_persons_token_is_refused(api, readers, user, tenant):
    reader = await readers.of("buyer", "karim")
    reader.ask(type="authenticate", token=api.token("buyer", user, tenant))
    error = await reader.until(lambda m: m["type"] == "error")
    assert error["code"] == "unauthenticated"
    assert (reader.session.caller.user, reader.session.caller.tenant) == ("karim", "bazaar")


async def test_a_token_that_runs_out_ends_the_conversation(api, readers):
    reader = await briefly(api, readers)
    told = await reader.until(lambda m: m["type"] == "error")
    assert told["code"] == "unauthenticated"
    await until(lambda: reader.code == 4401)


async def briefly(api, readers):
    """Who is so slow to come that their token has run out already asks for another."""
    while True:
        token = api.souk.signer.sign("karim", "bazaar", ROLES["buyer"], lasts=timedelta(seconds=1))
        try:
            return await readers.signed_in(token)
        except Refusal as refusal:
            if refusal.code != "unauthenticated":
                raise


async def test_whoever_leaves_leaves_nothing_behind(api, readers):
    await trade(api)
    karim = await readers.of("buyer", "karim")
    for topic in ("orders?buyer=karim", "catalog", "carts?owner=karim"):
        await karim.subscribed(topic)
    karim.ask(type="subscribe", topic="payments?buyer=karim")
    assert len(readers.gateway.hub) == 4
    karim.leave()
    await until(lambda: len(readers.gateway.hub) == 0)
    assert readers.gateway._people._people == {}
    assert readers.gateway.expiries._due == {}


async def test_without_postgres_nobody_is_let_in_and_told_when_to_come(api, readers, monkeypatch):
    async def away(*_):
        from application.ports import Unavailable

        raise Unavailable("postgres")

    monkeypatch.setattr(readers.gateway._people, "_read", away)
    refusal = await readers.refused({"authorization": f"Bearer {api.token('buyer', 'karim')}"})
    assert (refusal.status, refusal.code) == (503, "unavailable")
    assert int(refusal.headers["Retry-After"]) >= 1
    assert readers.gateway._people._people == {}


async def until(true):
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def until_role(readers, user, role, token=None):
    """A conversation of somebody of whom the read side knows that they have that role."""
    reader = await readers.of(token or ("seller" if role == "buyer" else role), user)
    await until(lambda: reader.session.person.role == role)
    return reader
