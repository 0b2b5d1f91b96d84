"""However reading and telling interleave: after what was read, each change once and in order."""

import asyncio
import json

import pytest

from adapters.live import channel
from entrypoints.live import subscription
from tests.live.world import TOPIC, World, live

WORLDS = 150


@pytest.mark.parametrize("most", [256, 2])
async def test_in_every_world_each_client_comes_to_the_same_end(monkeypatch, most):
    """``most`` 2: what is kept for who joins is nearly always too little."""
    monkeypatch.setattr(channel, "MOST", most)
    for seed in range(WORLDS):
        await live(seed)


async def test_a_herd_shares_one_reading_and_its_messages():
    world = World(1)
    for _ in range(30):
        world.commit()
    herd = [world.arrive(None) for _ in range(500)]
    await world.idle()
    assert world.reads == 1
    assert len({id(reader.frames[-1]) for reader in herd}) == 1
    world.hand_on()
    world.random.random = lambda: 1.0
    while world.handed < len(world.log):
        world.hand_on()
    world.commit()
    world.hand_on()
    assert len({id(reader.frames[-1]) for reader in herd}) == 1
    assert json.loads(herd[0].frames[-1].json)["position"] == world.position


async def test_a_herd_that_resumes_shares_its_messages():
    world = World(2)
    world.random.random = lambda: 1.0
    for _ in range(30):
        world.commit()
        world.hand_on()
    herd = [world.arrive(3) for _ in range(100)]
    await world.idle()
    assert world.reads == 0
    firsts = [frame for reader in herd for frame in reader.frames[1:]]
    assert len({id(frame) for frame in firsts}) == len(herd[0].frames) - 1


async def test_a_late_change_begins_everything_anew_for_everyone():
    world = World(3)
    world.random.random = lambda: 1.0
    world.commit()
    world.hand_on()
    reader = world.arrive(None)
    await world.idle()
    world.random.random = lambda: 0.0
    world.commit()
    world.random.random = lambda: 1.0
    assert world.log[-1].late
    world.hand_on()
    await world.idle()
    kinds = [message["type"] for message in reader.told]
    assert kinds == ["snapshot", "resync", "snapshot"]
    assert reader.documents()[TOPIC][world.log[-1].id]["n"] == world.log[-1].seq


async def test_what_comes_late_is_told_to_whoever_resumes_though_another_did_before_it():
    world = World(6)
    world.random.random = lambda: 1.0
    world.commit()
    world.hand_on()
    start = world.position
    world.commit()
    world.hand_on()
    for _ in range(2):
        reader = world.arrive(start)
        await world.idle()
        told = reader.told[-1]
        items = told.get("items") or [told]
        assert {item["id"]: item["document"]["n"] for item in items} == {
            change.id: change.seq for change in world.log if change.position > start
        }
        reader.leave()
        world.random.random = lambda: 0.0
        world.commit()
        world.random.random = lambda: 1.0
        world.hand_on()
        assert world.log[-1].late


async def test_who_is_past_where_the_feed_begins_anew_has_missed_nothing():
    world = World(7)
    world.random.random = lambda: 1.0
    world.commit()
    world.hand_on()
    behind = world.arrive(None)
    await world.idle()
    missed = len(world.log)
    world.commit()
    world.handed = len(world.log)  # purged before it was read
    up_to_date = world.arrive(None)
    await world.idle()
    world.gateway.begin("orders", world.position)
    await world.idle()
    assert [message["type"] for message in behind.told] == ["snapshot", "resync", "snapshot"]
    assert [message["type"] for message in up_to_date.told] == ["snapshot"]
    for change in world.log[missed:]:
        assert behind.documents()[TOPIC][change.id]["n"] == change.seq


async def test_who_takes_back_what_they_asked_for_is_told_no_more_of_it():
    """Both come in one piece of the network's; and so does asking for it again."""
    world = World(8)
    world.random.random = lambda: 1.0
    world.commit()
    world.hand_on()
    reader = world.arrive(0)
    reader.ask(type="unsubscribe", topic=TOPIC)
    await world.idle()
    assert [message["type"] for message in reader.told] == ["unsubscribed"]
    reader.ask(type="subscribe", topic=TOPIC, after=0)
    reader.ask(type="subscribe", topic=TOPIC, after=0)
    await world.idle()
    kinds = [message["type"].removesuffix("s") for message in reader.told[1:]]
    assert kinds == ["resumed", "change"]


async def test_who_leaves_in_the_midst_of_a_history_is_not_among_its_readers(monkeypatch):
    monkeypatch.setattr(subscription, "BREATH", 1)
    world = World(9)
    world.random.random = lambda: 1.0
    world.commit()
    world.hand_on()
    world.arrive(0)  # whose channel stays
    await world.idle()
    reader = world.arrive(0)
    while len(reader.frames) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0)
    reader.ask(type="unsubscribe", topic=TOPIC)
    await world.idle()
    world.commit()
    world.hand_on()
    assert reader.told[-1]["type"] == "unsubscribed"


@pytest.mark.parametrize("after", [None, 0])
async def test_for_who_takes_nothing_one_answer_waits_however_often_they_ask(after):
    world = World(10)
    world.random.random = lambda: 1.0
    world.commit()
    world.hand_on()
    reader = world.arrive(None)
    await world.idle()
    reader.open.clear()
    told, read = len(reader.frames), world.reads
    for _ in range(50):
        reader.session.subscribe(TOPIC, after)
        for _ in range(20):
            await asyncio.sleep(0)
    assert (world.reads, len(world.gateway._work)) == (read, 1)
    reader.open.set()
    await world.idle()
    kinds = [message["type"] for message in reader.told[told:]]
    assert kinds[-1] == ("snapshot" if after is None else "change")
    assert kinds.count(kinds[-1]) == 1


async def test_for_who_takes_nothing_few_snapshots_wait_however_many_topics_they_ask_for():
    """As an event stream asks for all of its own at once."""
    world = World(11)
    world.random.random = lambda: 1.0
    world.commit()
    reader = world.arrive(None)
    await world.idle()
    told, world.reads = len(reader.frames), 0

    async def reading(found, hidden):
        reader.open.clear()  # what was sent meanwhile has filled their network
        return await world(found, hidden)

    world.gateway.splicer._snapshots = reading
    for number in range(50):
        reader.session.subscribe(f"catalog?seller=seller-{number}", None)
    for _ in range(500):
        await asyncio.sleep(0)
    assert world.reads == subscription.AT_ONCE
    world.gateway.splicer._snapshots = world
    reader.open.set()
    await world.idle()
    kinds = [message["type"] for message in reader.told[told:]]
    assert (kinds, world.reads) == (["snapshot"] * 50, 50)
    assert not world.gateway.splicer._turns


async def test_nothing_is_kept_when_nobody_joins():
    world = World(4)
    world.random.random = lambda: 1.0
    reader = world.arrive(None)
    await world.idle()
    (found,) = world.hub._channels.values()
    for _ in range(10):
        world.commit()
        world.hand_on()
    assert (found._told, found.joining, len(found.live)) == ([], set(), 1)
    reader.leave()
    assert len(world.hub) == 0


async def test_who_shares_a_reading_that_its_first_reader_left_misses_nothing():
    world, read, go_on = World(5), asyncio.Event(), asyncio.Event()
    world.random.random = lambda: 1.0

    async def slow(found, hidden):
        shot = await World.__call__(world, found, hidden)
        read.set()
        await go_on.wait()
        return shot

    world.gateway.splicer._snapshots = slow
    world.commit()
    world.hand_on()
    first = world.arrive(None)
    await read.wait()
    first.leave()
    world.commit()
    world.hand_on()
    second = world.arrive(None)
    go_on.set()
    await world.idle()
    assert world.reads == 1
    assert [message["type"] for message in second.told][-1].startswith("change")
    second.leave()
    assert len(world.hub) == 0


@pytest.mark.parametrize("after", [None, 0])
async def test_who_was_told_nothing_yet_when_their_role_becomes_known_is_told_of_no_resync(after):
    world = World(10)
    world.random.random = lambda: 1.0
    world.commit()
    world.hand_on()
    reader = world.arrive(after)
    reader.session.person.role = "seller"
    reader.session.reconsider()
    await world.idle()
    kinds = [message["type"].removesuffix("s") for message in reader.told]
    assert kinds == (["snapshot"] if after is None else ["resumed", "change"])


async def test_who_sees_less_in_the_midst_of_a_history_begins_anew():
    world = World(11)
    world.random.random = lambda: 1.0
    world.commit()
    world.hand_on()
    reader = world.arrive(0)
    while not reader.frames:  # noqa: ASYNC110
        await asyncio.sleep(0)
    reader.session.reconsider()
    await world.idle()
    kinds = [message["type"].removesuffix("s") for message in reader.told]
    assert kinds == ["resumed", "resync", "snapshot"]
