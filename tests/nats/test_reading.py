"""A machine reads its tenant's changes from NATS, and goes on where it was."""

import asyncio
import contextlib
import json
import shutil
from datetime import UTC, datetime, timedelta

import nats
import pytest
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import APIError

from adapters.projector.relay import CONFIG
from tests.nats.ground import ground
from tests.support.patience import PATIENCE

STREAM = "SOUK"


@pytest.fixture(scope="module")
async def souk(tmp_path_factory):
    async with ground(tmp_path_factory.mktemp("reading")) as found:
        yield found


async def ask(client, reader, subject, **wish):
    """A consumer with the stock client; answers what it was told, and the subscription."""
    stream = client.jetstream(domain="souk", timeout=PATIENCE)
    wanted = ConsumerConfig(name=reader.consumer, filter_subject=subject, **wish)
    told = await stream.add_consumer(STREAM, wanted)
    return told.config.metadata, await stream.pull_subscribe_bind(reader.consumer, STREAM)


async def taken(source, wanted, rest=True):
    """So many, however long they take; and what else is there, if there is a ``rest``."""
    found = []
    async with asyncio.timeout(PATIENCE):
        while len(found) < wanted:
            with contextlib.suppress(TimeoutError):
                found += await source.fetch(min(100, wanted - len(found)), timeout=1)
    if rest:
        with contextlib.suppress(TimeoutError):
            found += await source.fetch(100, timeout=0.3)
    return found


def positions(messages):
    return [json.loads(message.data)["position"] for message in messages]


async def test_a_reader_gets_every_change_of_its_tenant_in_order_and_no_other(souk):
    for position in range(1, 301):
        await souk.change("amber", f"orders.{position % 7}.s.b", position)
        await souk.change("birch", f"orders.{position % 7}.s.b", position, "canary")
    reader = souk.reader("admin", "amber")
    async with await souk.connect(reader) as client:
        _, source = await ask(client, reader, "souk.amber.>")
        found = await taken(source, 300)
    assert positions(found) == list(range(1, 301))
    assert not any(b"canary" in message.data for message in found)


async def test_a_reader_that_was_away_goes_on_after_its_last_change(souk):
    reader = souk.reader("admin", "cedar")
    for position in range(1, 6):
        await souk.change("cedar", "orders.1.s.b", position)
    async with await souk.connect(reader) as client:
        first, source = await ask(client, reader, "souk.cedar.>")
        last = (await taken(source, 3, rest=False))[-1]
    await souk.change("cedar", "orders.1.s.b", 6)
    place = last.metadata.sequence.stream + 1
    wish = {"deliver_policy": DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": place}
    async with await souk.connect(reader) as client:
        again, source = await ask(client, reader, "souk.cedar.>", **wish)
        assert positions(await taken(source, 3)) == [4, 5, 6]
    assert again["souk.stream"] == first["souk.stream"]
    assert again["souk.whole"] == "yes"


async def test_a_reader_may_also_go_on_from_a_time(souk):
    reader = souk.reader("admin", "dogwood")
    await souk.change("dogwood", "orders.1.s.b", 1)
    await asyncio.sleep(0.01)
    since = datetime.now(UTC)
    await souk.change("dogwood", "orders.1.s.b", 2)
    async with await souk.connect(reader) as client:
        for policy, told, expected in (
            ({"opt_start_time": since}, "yes", [2]),
            ({"opt_start_time": since - timedelta(days=2)}, "no", [1, 2]),
        ):
            wish = {"deliver_policy": DeliverPolicy.BY_START_TIME, **policy}
            said, source = await ask(client, reader, "souk.dogwood.>", **wish)
            assert said["souk.whole"] == told
            assert positions(await taken(source, len(expected))) == expected


async def test_a_reader_that_was_away_too_long_is_told_that_changes_are_gone(souk):
    reader = souk.reader("admin", "elm")
    place = await souk.change("elm", "orders.1.s.b", 1)
    await souk.change("elm", "orders.1.s.b", 2)
    await souk.stream.purge_stream(STREAM, seq=place + 2)
    await souk.change("elm", "orders.1.s.b", 3)
    wish = {"deliver_policy": DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": place + 1}
    async with await souk.connect(reader) as client:
        said, source = await ask(client, reader, "souk.elm.>", **wish)
        assert said["souk.whole"] == "no"
        assert positions(await taken(source, 1)) == [3]


async def test_a_subscriber_that_only_sells_reads_its_own(souk):
    await souk.change("fir", "orders.1.mine.b", 1)
    await souk.change("fir", "orders.2.other.b", 2)
    await souk.change("fir", "orders.3.other.mine", 3)
    reader = souk.reader("seller", "fir", "mine")
    async with await souk.connect(reader) as client:
        _, source = await ask(client, reader, "souk.fir.orders.*.mine.*")
        assert positions(await taken(source, 1)) == [1]
        _, source = await ask(client, reader, "souk.fir.orders.*.*.mine")
        assert positions(await taken(source, 1)) == [3]


async def test_two_readers_with_one_token_do_not_meet(souk):
    one = souk.reader("admin", "gum", name="one")
    two = type(one)("two", one.token)
    for position in range(1, 11):
        await souk.change("gum", "orders.1.s.b", position)
    async with await souk.connect(one) as first, await souk.connect(two) as second:
        _, a = await ask(first, one, "souk.gum.>")
        _, b = await ask(second, two, "souk.gum.>")
        assert positions(await taken(a, 10)) == list(range(1, 11))
        assert positions(await taken(b, 10)) == list(range(1, 11))


async def test_a_consumer_that_is_not_to_be_had_is_refused_in_words(souk):
    reader = souk.reader("admin", "holly")
    async with await souk.connect(reader) as client:
        for wish, why in (
            ({"deliver_subject": f"{reader.inbox}.x"}, "pull"),
            ({"deliver_subject": "$JS.API.STREAM.PURGE.SOUK"}, "pull"),
            ({"deliver_policy": DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": "x"}, "int"),
        ):
            with pytest.raises(APIError, match=why):
                await ask(client, reader, "souk.holly.>", **wish)


async def test_a_reader_notices_that_its_consumer_was_forgotten(souk):
    reader = souk.reader("admin", "ivy")
    async with await souk.connect(reader) as client:
        _, source = await ask(client, reader, "souk.ivy.>")
        assert (await source.consumer_info()).name == reader.consumer
        await souk.stream.delete_consumer(STREAM, reader.consumer)
        with pytest.raises(nats.js.errors.NotFoundError):
            await source.consumer_info()


async def test_a_reader_notices_that_nats_lost_its_disk(tmp_path):
    async with ground(tmp_path) as souk:
        reader = souk.reader("admin", "juniper")
        for position in range(1, 4):
            await souk.change("juniper", "orders.1.s.b", position)
        async with await souk.connect(reader) as client:
            before, source = await ask(client, reader, "souk.juniper.>")
            place = (await taken(source, 3))[-1].metadata.sequence.stream + 1
        await souk.stream.delete_stream(STREAM)
        await souk.stream.add_stream(CONFIG)
        await souk.change("juniper", "orders.1.s.b", 4)
        wish = {"deliver_policy": DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": place}
        async with await souk.connect(reader) as client:
            after, source = await ask(client, reader, "souk.juniper.>", **wish)
            assert after["souk.whole"] == "no"
            assert after["souk.stream"] != before["souk.stream"]
            assert positions(await taken(source, 1)) == [4]


async def test_the_server_may_die_and_readers_are_let_in_again(tmp_path):
    async with ground(tmp_path) as souk:
        reader = souk.reader("admin", "larch")
        await souk.change("larch", "orders.1.s.b", 1)
        souk.server.child.process.kill()
        souk.server.child.process.wait()
        shutil.rmtree(tmp_path / "nats" / "nats" / "jetstream")
        souk.server.child.start()
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(Exception):
                    async with await souk.connect(reader):
                        break
                await asyncio.sleep(0.2)
