"""Of NATS and Valkey goes what names the person, wherever in its name, and nothing else."""

import nats
import redis.asyncio as redis

from adapters.engagement.watched import Watched
from adapters.erasing.brokers import purge_keys, purge_messages
from adapters.projector.relay import STREAM, ensure
from adapters.projector.valkey import row_key
from tests.support.http import empty_valkey
from tests.support.patience import PATIENCE

THEIRS = ("carts.ana", "orders.o1.sara.ana", "orders.o2.ana.bob", "live.a.b.c.d.ana", "x.ana.y.z")
OTHERS = ("ana.o3", "orders.ana1.sara.bob", "orders.o4.sara.bob")


async def test_messages_go_wherever_their_subject_names_them(stack):
    connection = await nats.connect(stack.nats_url)
    stream = connection.jetstream(timeout=PATIENCE)
    await ensure(stream)
    for name in (*THEIRS, *OTHERS):
        await stream.publish(f"souk.named.{name}", b"{}")
    await stream.publish("souk.another.carts.ana", b"{}")
    assert await purge_messages(stack.nats_url, "named", "ana") == len(THEIRS)
    left = set()
    for tenant in ("named", "another"):
        info = await stream.stream_info(STREAM, subjects_filter=f"souk.{tenant}.>")
        left |= set(info.state.subjects or {})
    await connection.close()
    assert left == {f"souk.named.{name}" for name in OTHERS} | {"souk.another.carts.ana"}
    assert await purge_messages(stack.nats_url, "named", "ana") == 0


async def test_what_they_have_just_watched_goes_and_no_key_of_another_tenant_whatever_it_is_called(
    stack,
):
    url = await empty_valkey(stack)
    watched = Watched(url)
    async with redis.Redis.from_url(url) as valkey:
        for tenant in ("named", "another", "analytics_sellers", "views"):
            await valkey.set(row_key(tenant, "analytics_sellers", "ana"), 1)
        for tenant, viewer in (("named", "bob"), ("named", "ana1"), ("another", "ana")):
            assert await watched.see(tenant, "r1", viewer)
        kept = set(await valkey.keys("*"))
        for reel in ("r1", "r2"):
            assert await watched.see("named", reel, "ana")
        assert await purge_keys(url, "named", "ana") == 2
        assert set(await valkey.keys("*")) == kept
        for tenant in ("analytics_sellers", "views"):
            assert await purge_keys(url, tenant, "ana") == 0
        assert set(await valkey.keys("*")) == kept
    await watched.close()
