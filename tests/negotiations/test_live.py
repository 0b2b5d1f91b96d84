"""Both sides see the thread as it goes, and nobody else does."""

import json

import pytest

from tests.negotiations.test_http import ADDRESS, NOTE, REPLY
from tests.offers.house import House, price
from tests.support.live import running_gateway


@pytest.fixture
async def house(api):
    made = House(api, "bazaar")
    await made.settle(stock=500)
    made.id = await made.publish()
    return made


async def test_both_sides_see_every_turn_as_it_is_taken(api, house):
    async with running_gateway(api) as readers:
        farid, imen = await readers.of("seller", "farid"), await readers.of("seller", "imen")
        watching = {farid: "negotiations?buyer=farid", imen: "negotiations?seller=imen"}
        for reader, topic in watching.items():
            assert (await reader.subscribed(topic))["items"] == []

        async def told(turns, status):
            """Until both have seen that many turns and that status."""
            for reader, topic in watching.items():

                def shows(message, topic=topic):
                    document = message.get("document") or {}
                    now = len(document.get("turns", ())), document.get("status")
                    return message.get("topic") == topic and now == (turns, status)

                yield await reader.until(shows)

        id = await house.respond(house.id, quantity=100, note=NOTE, address=ADDRESS)
        async for message in told(1, "open"):
            assert message["id"] == id
        await house.counter(id, quantity=120, unit_price=price("10.50"), note=REPLY)
        async for message in told(2, "open"):
            turn = message["document"]["turns"][-1]
            assert (turn["by"], turn["quantity"], turn["unit_price"]) == (
                "seller",
                120,
                price("10.50"),
            )
        agreed = await house.accept(id, house.farid)
        async for message in told(2, "accepted"):
            assert message["document"]["order"] == agreed["order"]
        for reader in watching:
            held = list(reader.documents().values())
            thread = await house.thread(id)
            del thread["personal"]
            assert held == [{id: thread}]
            said = json.dumps(reader.told, ensure_ascii=False)
            assert not any(word in said for word in (NOTE, REPLY, ADDRESS, "personal", "notes"))


async def test_both_sides_see_that_the_offer_is_over(api, house):
    id = await house.respond(house.id)
    await house.thread(id)
    async with running_gateway(api) as readers:
        for user in ("farid", "imen"):
            reader = await readers.of("seller", user)
            snapshot = await reader.subscribed(f"negotiations/{id}")
            assert snapshot["items"][0]["document"]["offer_over"] is False
            if user == "imen":
                await house.done(house.imen.post(f"/offers/{house.id}/close", {}))
            else:
                watching = reader
        for each in (watching, reader):
            change = await each.until(lambda m: m["type"] == "change")
            assert change["document"]["offer_over"] is True


async def test_the_seller_watches_their_offers(api, house):
    await house.offer(house.id)
    async with running_gateway(api) as readers:
        imen = await readers.of("seller", "imen")
        snapshot = await imen.subscribed("offers?seller=imen")
        assert [item["id"] for item in snapshot["items"]] == [house.id]
        await house.accept(await house.respond(house.id))
        change = await imen.until(lambda m: m["type"] == "change")
        assert (change["document"]["orders"], change["document"]["ordered"]) == (1, 10)


async def test_it_is_nobody_elses_to_watch(api, house):
    id = await house.respond(house.id)
    await house.thread(id)
    await house.offer(house.id)
    async with running_gateway(api) as readers:
        for user, role in (("fatma", "seller"), ("ghani", "seller")):
            reader = await readers.of(role, user)
            for topic, code in (
                (f"negotiations/{id}", "negotiations.unknown_negotiation"),
                ("negotiations?buyer=farid", "forbidden"),
                ("negotiations?seller=imen", "forbidden"),
                ("negotiations", "forbidden"),
                (f"offers/{house.id}", "offers.unknown_offer"),
                ("offers?seller=imen", "forbidden"),
                ("offers", "forbidden"),
            ):
                assert (await reader.subscribed(topic))["code"] == code, topic
        karim = await readers.of("buyer", "karim")
        assert (await karim.subscribed(f"negotiations/{id}"))["code"] == "forbidden"
        olga = await readers.of("auditor", "olga")
        for topic, one in (("negotiations", id), ("offers", house.id)):
            items = (await olga.subscribed(topic))["items"]
            assert [item["id"] for item in items] == [one]
            assert "personal" not in items[0]["document"]
