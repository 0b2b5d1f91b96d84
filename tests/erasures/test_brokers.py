"""Of NATS and Valkey goes what names the person, wherever in its name, and nothing else."""

import nats
import redis.asyncio as redis

from adapters.erasing.brokers import purge_keys, purge_messages
from adapters.projector.relay import STREAM, ensure
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


async def test_keys_go_wherever_they_name_them(stack):
    url = await empty_valkey(stack)
    kept = {b"souk:watched:named:reel:bob", b"souk:watched:another:reel:ana", b"souk:ana:named:x"}
    async with redis.Redis.from_url(url) as valkey:
        for key in (b"souk:watched:named:reel:ana", b"souk:seen:named:ana", *kept):
            await valkey.set(key, 1)
        assert await purge_keys(url, "named", "ana") == 2
        assert set(await valkey.keys("*")) == kept
