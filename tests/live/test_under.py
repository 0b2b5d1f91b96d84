"""What is under a reel is for who sees the reel, live as over HTTP, and for no longer than that."""

import asyncio
from uuid import uuid4

import pytest

from adapters.live.change import Change
from entrypoints.live.asyncapi import document
from entrypoints.live.authority import CONTEXT
from entrypoints.live.topics import offered, parse
from tests.reels.house import running
from tests.support.live import running_gateway
from tests.support.patience import PATIENCE

UNKNOWN = "reels.unknown_reel"
PEOPLE = {
    "karim": "buyer",
    "amina": "seller",
    "basma": "seller",
    "root": "admin",
    "olga": "auditor",
}


@pytest.fixture(scope="module")
async def houses(stack, new_database):
    async with running(stack, new_database) as house:
        yield house


@pytest.fixture
async def house(houses):
    """amina's reel, that karim has said something under."""
    made = await houses()
    made.rug = await made.product("rug")
    made.id = await made.reel(made.rug)
    made.before = made.at
    path = f"/reels/{made.id}/comments"
    made.said = (await made.done(made.karim.post(path, {"text": "Nice"}), 201))["id"]
    await settled(made)
    return made


@pytest.fixture
async def readers(house):
    async with running_gateway(house.api) as found:
        begun = found.gateway.splicer._past._seqs
        await until(lambda: CONTEXT in begun)  # the last: the feed's beginning reads all anew
        yield Here(found, house)


class Here:
    """Who comes to the gateway in the tenant of that house, by name."""

    def __init__(self, readers, house):
        self.gateway, self._readers, self._house = readers.gateway, readers, house

    async def __call__(self, user):
        role = PEOPLE.get(user, "buyer")
        return await self._readers.of(role, user, self._house.tenant)


async def settled(house):
    """All projections of it are where its last write is."""
    for path in (f"/reels/{house.id}", f"/reels/{house.id}/comments"):
        assert await house.seen(house.root, path)


def topics(house, reel=None):
    """Topics under a reel, with what one would read over HTTP instead."""
    reel = reel or house.id
    found = {
        f"comments?reel={reel}": f"/reels/{reel}/comments",
        f"engagement/{reel}": f"/reels/{reel}/engagement",
    }
    if reel == house.id:
        found[f"comments/{house.said}"] = f"/reels/{reel}/comments/{house.said}"
    return found


async def shown(house):
    pass


async def hidden(house):
    await house.hide(house.id)


async def hidden_by_staff(house):
    await house.hide(house.id, house.root)


async def retired(house):
    await house.done(house.amina.post(f"/catalog/products/{house.rug}/retire"))


async def restored(house):
    await hidden(house)
    await house.restore(house.id)


@pytest.mark.parametrize("become", [shown, hidden, hidden_by_staff, retired, restored])
async def test_what_is_under_a_reel_is_refused_as_over_http(house, readers, become):
    draft, nowhere = await house.draft(house.rug), str(uuid4())
    await become(house)
    await settled(house)
    asked = topics(house) | topics(house, draft) | topics(house, nowhere)
    asked |= {f"reels/{house.id}": f"/reels/{house.id}", f"reels/{draft}": f"/reels/{draft}"}
    seen = set()
    for user, role in PEOPLE.items():
        reader = await readers(user)
        for topic, path in asked.items():
            answer = await house.of(role, user).get(path, after=house.at)
            code = answer.json().get("code")
            for after, kind in ((None, "snapshot"), (house.before, "resumed")):
                said = await reader.subscribed(topic, after)
                wanted = (kind, None) if code is None else ("error", code)
                assert (said["type"], said.get("code")) == wanted, (user, topic, after)
            seen.add((user, code))
    assert {code for _, code in seen} == {None, UNKNOWN}
    assert ("olga", None) in seen


async def test_nothing_of_a_hidden_reel_is_told_to_who_resumes(house, readers):
    await hidden(house)
    await settled(house)
    karim = await readers("karim")
    for topic in topics(house):
        await karim.subscribed(topic, house.before)
    await idle(readers)
    assert {m["type"] for m in karim.told} == {"hello", "error"}


@pytest.mark.parametrize("become", [hidden, retired])
async def test_who_watches_what_is_under_a_reel_that_is_hidden_watches_no_longer(
    house, readers, become
):
    known = {user: await readers(user) for user in PEOPLE}
    for reader in known.values():
        for topic in topics(house):
            assert (await reader.subscribed(topic))["type"] == "snapshot"
    await become(house)
    for user in ("karim", "basma"):
        for topic in topics(house):
            ended = await known[user].until(
                lambda m, topic=topic: m["type"] == "unsubscribed" and m["topic"] == topic
            )
            assert ended["code"] == UNKNOWN
        assert known[user].session.watched == {}
        told = [(m["type"], m.get("code")) for m in known[user].told[1:]]
        assert (
            told == [("snapshot", None)] * 3 + [("error", UNKNOWN), ("unsubscribed", UNKNOWN)] * 3
        )
    await house.done(house.karim.send("DELETE", f"/reels/{house.id}/comments/{house.said}"))
    for user in ("amina", "root", "olga"):
        for topic in topics(house):
            await known[user].until(lambda m, t=topic: m["type"] == "change" and m["topic"] == t)
    assert not [m for m in known["karim"].told if m["type"] == "change"]


async def test_who_sees_it_again_may_watch_it_again(house, readers):
    karim, topic = await readers("karim"), f"engagement/{house.id}"
    await karim.subscribed(topic)
    await hidden(house)
    await karim.until(lambda m: m["type"] == "unsubscribed")
    await house.restore(house.id)
    await settled(house)
    assert (await karim.subscribed(topic))["type"] == "snapshot"
    await house.done(house.karim.send("PUT", f"/reels/{house.id}/like"))
    await karim.until(lambda m: m["type"] == "change" and m["document"]["likes"] == 1)


async def test_another_change_of_a_reel_ends_nothing_under_it(house, readers):
    karim = await readers("karim")
    for topic in (*topics(house), f"reels/{house.id}"):
        await karim.subscribed(topic)
    await house.done(house.amina.post(f"/reels/{house.id}/caption", {"caption": "Made by hand"}))
    await karim.until(lambda m: m["type"] == "change")
    assert len(karim.session.watched) == 4
    assert [m["type"] for m in karim.told] == ["hello", *["snapshot"] * 4, "change"]


async def test_what_became_of_a_reel_before_it_was_looked_at_ends_nothing(house, readers):
    """As a gateway that begins is told again what was of late: that it was a draft, say."""
    karim = await readers("karim")
    for topic in topics(house):
        await karim.subscribed(topic)
    before, later = (told(house, at, b'{"seller":"amina","visible":false}') for at in (1, 10**9))
    readers.gateway.take([before])
    assert len(karim.session.watched) == 3
    readers.gateway.take([later])
    assert karim.session.watched == {}


async def test_under_a_reel_that_is_no_more_nobody_watches_anything(house, readers):
    known = [await readers(user) for user in PEOPLE]
    for reader in known:
        for topic in topics(house):
            await reader.subscribed(topic)
    readers.gateway.take([told(house, 10**9, b"null")])
    for reader in known:
        assert reader.session.watched == {}
        assert (reader.told[-1]["type"], reader.told[-1]["code"]) == ("unsubscribed", UNKNOWN)


def told(house, position, document):
    """A change of the reel."""
    return Change("reels", 1, house.tenant, f"reels.{house.id}.amina", position, document)


async def test_whose_role_shows_hidden_reels_no_longer_watches_nothing_under_them(house, readers):
    await hidden(house)
    await settled(house)
    root, topic = await readers("root"), f"comments?reel={house.id}"
    assert (await root.subscribed(topic))["type"] == "snapshot"
    token = house.api.token("buyer", "root", house.tenant)
    root.ask(type="authenticate", token=token)
    await root.until(lambda m: m["type"] == "error")
    assert [m["type"] for m in root.of(topic)] == ["snapshot", "resync", "error"]
    assert root.told[-1]["code"] == UNKNOWN
    assert root.session.watched == {}


@pytest.mark.parametrize("kind", ["engagement", "comments"])
async def test_who_joins_while_a_reel_is_hidden_is_told_nothing(house, readers, kind):
    """Who shares a reading that began before, too: it would still show the reel."""
    topic = {name.split("?")[0].split("/")[0]: name for name in topics(house)}[kind]
    splicer = readers.gateway.splicer
    read, free, held = splicer._snapshots, asyncio.Event(), []

    async def slowly(channel, hidden):
        shot = await read(channel, hidden)
        if channel.topic.kind.context == "reels" and channel.topic.text != "reels" and not held:
            held.append(shot)
            await free.wait()
        return shot

    amina, witness = await readers("amina"), await readers("basma")
    await amina.subscribed(topic)  # whose channel stays
    await witness.subscribed("reels")
    splicer._snapshots = slowly
    karim, lina = await readers("karim"), await readers("lina")
    karim.ask(type="subscribe", topic=topic)
    await until(lambda: held)
    await hidden(house)
    await witness.until(lambda m: m["type"] == "change" and m["document"] is None)
    assert (await lina.subscribed(topic))["code"] == UNKNOWN
    free.set()
    await idle(readers)
    assert [m["type"] for m in karim.told] == ["hello", "error"]
    assert [m["type"] for m in amina.told] == ["hello", "snapshot"]


async def test_what_became_of_a_reel_while_somebody_joins_is_looked_at_again(
    house, readers, monkeypatch
):
    """What a gateway that begins is told again may be of long ago: it is no reason to refuse."""
    read, asked, draft = (
        readers.gateway.splicer._snapshots,
        [],
        b'{"seller":"amina","visible":false}',
    )

    async def telling(channel, hidden):
        shot = await read(channel, hidden)
        if channel.topic.kind.context == "reels":
            asked.append(shot.position)
            if len(asked) == 1:
                readers.gateway.take([told(house, 1, draft)])
        return shot

    monkeypatch.setattr(readers.gateway.splicer, "_snapshots", telling)
    karim, topic = await readers("karim"), f"engagement/{house.id}"
    assert (await karim.subscribed(topic))["type"] == "snapshot"
    assert len(asked) == 2
    readers.gateway.take([told(house, 10**9, draft)])
    assert karim.session.watched == {}


async def test_who_joins_while_a_reel_changes_without_end_is_told_to_come_back(
    house, readers, monkeypatch
):
    read = readers.gateway.splicer._snapshots

    async def telling(channel, hidden):
        shot = await read(channel, hidden)
        if channel.topic.kind.context == "reels":
            readers.gateway.take([told(house, 10**9, b'{"seller":"amina","visible":true}')])
        return shot

    monkeypatch.setattr(readers.gateway.splicer, "_snapshots", telling)
    karim = await readers("karim")
    said = await karim.subscribed(f"engagement/{house.id}")
    assert (said["type"], said["code"]) == ("error", "unavailable")


async def test_when_changes_of_reels_were_missed_they_are_looked_at_again(
    house, readers, monkeypatch
):
    karim, witness, topic = await readers("karim"), await readers("basma"), f"engagement/{house.id}"
    await karim.subscribed(topic)
    await witness.subscribed("reels")
    monkeypatch.setattr(readers.gateway.hub, "_take_over", lambda *_: None)
    await hidden(house)
    await witness.until(lambda m: m["type"] == "change" and m["document"] is None)
    readers.gateway.begin("reels", 0)
    await karim.until(lambda m: m["type"] == "error")
    assert karim.told[-1]["code"] == UNKNOWN


async def test_a_reel_is_read_once_for_a_crowd_and_for_no_change(house, readers):
    splicer, asked = readers.gateway.splicer, []
    read = splicer._snapshots

    async def noted(channel, hidden):
        asked.append(channel.topic.kind.context)
        return await read(channel, hidden)

    topic = f"engagement/{house.id}"
    first = await readers("karim")
    await first.subscribed(topic)
    crowd = [await readers(f"viewer-{n}") for n in range(20)]
    splicer._snapshots = noted
    for reader in crowd:
        reader.ask(type="subscribe", topic=topic)
    await asyncio.gather(*(r.until(lambda m: m["type"] == "snapshot") for r in crowd))
    assert asked == ["engagement", "reels"]
    await house.done(house.karim.send("PUT", f"/reels/{house.id}/like"))
    await asyncio.gather(*(r.until(lambda m: m["type"] == "change") for r in crowd))
    assert asked == ["engagement", "reels"]


async def test_whoever_leaves_leaves_nothing_behind(house, readers):
    karim, amina = await readers("karim"), await readers("amina")
    for reader in (karim, amina):
        for topic in topics(house):
            await reader.subscribed(topic)
    hub = readers.gateway.hub
    assert (len(hub._over), len(hub._under["reels"])) == (3, 1)
    karim.leave()
    assert len(hub._over) == 3
    amina.leave()
    assert (hub._over, hub._under["reels"], len(hub)) == ({}, {}, 0)


async def test_what_is_not_of_one_reel_is_whose_it_is_and_who_sees_every_reels(house, readers):
    """Else it would tell of hidden ones."""
    own = {"karim": "comments?author=karim", "amina": "engagement?seller=amina"}
    wide = "comments", "engagement", *own.values()
    for user in PEOPLE:
        reader = await readers(user)
        for topic in wide:
            said = await reader.subscribed(topic)
            if user in ("root", "olga") or own.get(user) == topic:
                assert [item["id"] for item in said["items"]], (user, topic)
            else:
                assert (said["type"], said["code"]) == ("error", "forbidden"), (user, topic)


async def test_what_is_offered_is_of_one_reel_or_ones_own(house, readers):
    karim, olga = await readers("karim"), await readers("olga")
    under = {"comments", "engagement"}

    def patterns(reader):
        return {each for each in offered(reader.session.caller) if parse_of(each) in under}

    anyones = {"comments/{id}", "comments?reel={reel}", "engagement/{id}"}
    mine = {"comments?author=karim", "engagement?seller=karim"}
    assert patterns(karim) == anyones | mine
    wide = {"comments?author={author}", "engagement?seller={seller}", *under}
    assert patterns(olga) == anyones | wide
    said = {each["title"]: each["description"] for each in document()["channels"].values()
            if "x-topic" in each}  # fmt: skip
    assert {said[each] for each in anyones} == {"Needs reels:read."}
    assert {said[each] for each in wide} == {"Needs reels:read; anyone's: reels:read_all."}
    assert parse("comments").kind.under is parse("reels").kind


def parse_of(pattern):
    return pattern.partition("/")[0].partition("?")[0]


async def idle(readers):
    await until(lambda: not readers.gateway._work)


async def until(true):
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
