"""Signing in by the Python client: with what is no token or no address, and for longer than one
token is good."""

import asyncio
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest

from domain.permissions import ROLES
from entrypoints.live import credentials
from entrypoints.live.client import Change, Refused, Snapshot, connect
from tests.live.test_client import TOPIC, following, gate, last, stepped, tea, until
from tests.support.patience import PATIENCE

__all__ = ["gate", "tea"]  # fixtures


async def test_who_is_not_let_in_is_told_at_once(api, gate):
    with pytest.raises(Refused) as refused:
        async with connect(gate.url, "nonsense"):
            pass
    assert (refused.value.status, refused.value.code) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8315",
        "localhost:8315",
        "htp://127.0.0.1",
        "http://",
        "http://127.0.0.1#x",
        "http://[::1",
        "ws://127.0.0.1:99999",
        "ws://127.0.0.1:abc",
        "ws://.example",
        f"ws://{'a' * 64}.example",
        "ws://a b",
        "ws://a\u00a0b",
        "ws://exa\nmple",
        "ws://127.0.0.1/\0",
        "ws://%ff:%ff@127.0.0.1",
    ],
)
async def test_what_is_no_address_is_not_tried_again_and_again(url):
    await refused_as_malformed(url, "token")


@pytest.mark.parametrize("token", ["a\nb", "abc\n", "a\r", "a\0"])
async def test_what_no_header_can_hold_is_not_tried_again_and_again(gate, token):
    await refused_as_malformed(gate.url, token)
    await refused_as_malformed(gate.url, lambda: token)


async def refused_as_malformed(url, token):
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(Refused) as refused:
            async with connect(url, token):
                pass
    assert (refused.value.status, refused.value.code) == (400, "malformed")


def short_lived(api, seconds):
    return api.souk.signer.sign(
        "amina", "bazaar", ROLES["seller"], ["seller"], timedelta(seconds=seconds)
    )


async def test_a_token_that_runs_out_ends_it(api, gate, tea):
    async with connect(gate.url, short_lived(api, 60)) as live:
        messages = live.watch(TOPIC)
        assert isinstance(await anext(messages), Snapshot)
        gate.later(60)
        with pytest.raises(Refused):
            await anext(messages)


async def test_who_is_removed_is_told_whatever_makes_their_tokens(api, gate, tea):
    token = api.token("seller", "amina")
    async with connect(gate.url, token) as one, connect(gate.url, lambda: token) as other:
        watched = [await following(live) for live in (one, other)]
        await until(lambda: all(found for found, _ in watched))
        await api.of("admin", "root").post("/identity/members/amina/remove", {"reason": "left"})
        for _, task in watched:
            async with asyncio.timeout(PATIENCE):
                with pytest.raises(Refused) as refused:
                    await task
            assert (refused.value.status, refused.value.code) == (401, "unauthenticated")


async def test_what_makes_tokens_outlives_each_of_them(api, gate, tea, monkeypatch):
    monkeypatch.setattr(credentials, "RENEWED", 0.005)
    monkeypatch.setattr(credentials, "LEAST", 0.0)
    made = []

    def token():
        made.append(60 * (len(made) + 1))
        return short_lived(api, made[-1])

    async with connect(gate.url, token) as live:
        found, task = await following(live)
        await until(lambda: len(made) > 3)
        gate.later(made[2] + 10)
        position = await stepped(api, tea, 2)
        await until(lambda: last(found) == position)
        task.cancel()
    assert isinstance(found[-1], Change)


async def test_what_fails_to_make_a_token_is_heard_of(api, gate, tea):
    def token():
        raise RuntimeError("no token today")

    with pytest.raises(RuntimeError, match="today"):
        async with connect(gate.url, token):
            pass


async def test_a_clock_that_is_ahead_does_not_make_one_token_after_the_other(
    api, gate, tea, monkeypatch
):
    ahead = SimpleNamespace(time=lambda: time.time() + 3600)
    monkeypatch.setattr(credentials, "time", ahead)
    monkeypatch.setattr(credentials, "LEAST", 2 * PATIENCE)
    made = []

    def token():
        made.append(short_lived(api, 60 + len(made)))
        return made[-1]

    await hears_of_a_change(api, gate, tea, token)
    assert len(made) == 1


async def test_a_token_that_is_no_newer_is_not_sent_again_and_again(api, gate, tea, monkeypatch):
    monkeypatch.setattr(credentials, "RENEWED", 0.0)
    monkeypatch.setattr(credentials, "LEAST", 0.0)
    asked, kept = [], short_lived(api, 60)

    def token():
        asked.append(kept)
        return kept

    await hears_of_a_change(api, gate, tea, token)
    assert len(asked) == 2


async def hears_of_a_change(api, gate, tea, token):
    async with connect(gate.url, token) as live:
        found, task = await following(live)
        await until(lambda: found)
        position = await stepped(api, tea, 2)
        await until(lambda: last(found) == position)
        task.cancel()
