"""The board as it is watched: by whom an offer is for, for as long as it stands."""

import json

from domain.permissions import ROLES, expand
from entrypoints.caller import Caller
from entrypoints.live.asyncapi import document
from entrypoints.live.topics import offered, parse
from tests.offers.house import terms
from tests.support.live import running_gateway

BOARD = "offers?target=fournisseur"


def told(id, position):
    """That the board said something of that offer at that position."""
    return lambda m: m.get("type") == "change" and (m["id"], m["position"]) == (id, position)


async def test_an_offer_comes_changes_and_goes(house):
    closed, stands = await house.publish(), await house.publish()
    await house.done(house.imen.post(f"/offers/{closed}/close", {}))
    other = await house.publish(target="grossiste")
    await house.offer(other)
    async with running_gateway(house.api) as readers:
        farid = await readers.of("seller", "farid", house.tenant)
        items = (await farid.subscribed(BOARD))["items"]
        assert [item["id"] for item in items] == [stands]
        new = await house.publish(title="Tea by the ship")
        change = await farid.until(told(new, house.at))
        assert change["document"] == await house.offer(new)
        await house.done(house.imen.post(f"/offers/{new}/revise", terms((5, "9.00"))))
        change = await farid.until(told(new, house.at))
        assert change["document"]["breaks"][0]["quantity"] == 5
        for move, there in (("retire", False), ("restore", True)):
            await house.done(house.imen.post(f"/catalog/products/{house.tea}/{move}"))
            await farid.until(lambda m: m.get("position") == house.at)
            assert bool(farid.documents()[BOARD][new]) == there
        await house.publish(target="grossiste")
        await house.done(house.imen.post(f"/offers/{new}/close", {}))
        change = await farid.until(told(new, house.at))
        assert change["document"] is None
        held = {id for id, seen in farid.documents()[BOARD].items() if seen}
        assert held == set(await house.board(house.farid)) == {stands}
        assert "grossiste" not in json.dumps([m for m in farid.told if m["type"] != "hello"])


async def test_it_is_for_who_is_of_that_tier_and_staff(house):
    one = await house.publish()
    await house.offer(one)
    async with running_gateway(house.api) as readers:
        for role, user, allowed in (
            ("seller", "fatma", True),
            ("auditor", "olga", True),
            ("seller", "ghani", False),
            ("seller", "imen", False),
            ("seller", "nadia", False),
            ("seller", "nobody", False),
            ("buyer", "karim", False),
        ):
            reader = await readers.of(role, user, house.tenant)
            answer = await reader.subscribed(BOARD)
            if allowed:
                assert [item["id"] for item in answer["items"]] == [one], user
            else:
                assert answer["code"] == "forbidden", user
            said = (await house.of(role, user).get("/live")).json()["topics"]
            assert said == offered(reader.session.caller)
            mine = [topic for topic in said if topic.startswith("offers?target")]
            wide, tier = role == "auditor", reader.session.caller.tier
            assert mine == (
                [f"offers?target={'{target}' if wide else tier}"] if wide or tier else []
            )


async def test_who_comes_to_another_tier_watches_that_board_and_no_longer_this_one(house):
    async with running_gateway(house.api) as readers:
        farid = await readers.of("seller", "farid", house.tenant)
        await farid.subscribed(BOARD)
        await house.appoint("farid", "grossiste")
        ended = await farid.until(lambda m: m["type"] == "unsubscribed")
        assert (ended["topic"], ended["code"]) == (BOARD, "forbidden")
        assert (await farid.subscribed(BOARD))["code"] == "forbidden"
        assert (await farid.subscribed("offers?target=grossiste"))["type"] == "snapshot"
        secret = await house.publish()
        wide = await house.publish(target="grossiste")
        await farid.until(told(wide, house.at))
        assert secret not in json.dumps(farid.told)


async def test_who_was_away_is_told_what_came_and_what_went(house):
    before = await house.publish()
    at = await house.done(house.imen.post(f"/offers/{before}/revise", terms((5, "9.00"))))
    async with running_gateway(house.api) as readers:
        farid = await readers.of("seller", "farid", house.tenant)
        await farid.subscribed(BOARD)
    await house.done(house.imen.post(f"/offers/{before}/close", {}))
    after = await house.publish()
    await house.offer(after)
    async with running_gateway(house.api) as readers:
        farid = await readers.of("seller", "farid", house.tenant)
        assert (await farid.subscribed(BOARD, at["position"]))["type"] == "resumed"
        await farid.until(told(after, house.at))
        went, came = [m for m in farid.told if m["type"] == "change"]
        assert (went["id"], went["document"]) == (before, None)
        assert (came["id"], came["document"]["status"]) == (after, "active")


def test_a_board_is_of_one_tier():
    caller = Caller("bazaar", "farid", expand(ROLES["seller"]), tier="fournisseur")
    assert BOARD in offered(caller)
    assert parse(BOARD).kind is not parse("offers?seller=imen").kind
    titles = [each.get("title") for each in document()["channels"].values()]
    assert "offers?target={target}" in titles
