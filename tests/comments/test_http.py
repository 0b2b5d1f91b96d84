"""Comments over HTTP: said under what is shown, read by everyone, removed by those who may."""

import asyncio
from contextlib import asynccontextmanager
from uuid import uuid4

import psycopg
import pytest

from adapters.postgres.pools import borrow
from tests.reels.house import refused, running, slices
from tests.support.patience import PATIENCE

UNKNOWN, UNSAID = (404, "reels.unknown_reel"), (404, "comments.unknown_comment")
TEXT = "Does it shrink? I am Karim of 12 Rue Didouche"


@pytest.fixture(scope="module")
async def houses(stack, new_database):
    async with running(stack, new_database) as house:
        yield house


@pytest.fixture
async def house(houses):
    made = await houses()
    made.rug = await made.product("rug")
    made.id = await made.reel(made.rug)
    made.path = f"/reels/{made.id}/comments"
    return made


async def say(house, text, client=None):
    """The id of what was said."""
    sent = (client or house.karim).post(house.path, {"text": text})
    return (await house.done(sent, 201))["id"]


async def said(house, client=None):
    """What is read under the reel, the newest first."""
    items = (await house.seen(client or house.basma, house.path))["items"]
    return [item["personal"] and item["personal"]["text"] for item in items]


async def test_what_is_said_is_read_by_everyone_the_newest_first(house):
    first = await say(house, TEXT)
    await say(house, "It does not.", house.amina)
    for reader in (house.karim, house.amina, house.basma, house.root, house.olga):
        assert await said(house, reader) == ["It does not.", TEXT]
    one = await house.seen(house.basma, f"{house.path}/{first}")
    assert (one["author"], one["reel"], one["personal"]) == ("karim", house.id, {"text": TEXT})
    assert (await house.counters(house.id))["comments"] == 2


async def test_a_retry_says_it_once(house):
    body = {"text": TEXT}
    first = await house.karim.post(house.path, body, key="k")
    again = await house.karim.post(house.path, body, key="k")
    assert (first.status_code, again.content) == (201, first.content)
    reused = house.karim.post(house.path, {"text": "else"}, key="k")
    assert await refused(reused) == (422, "idempotency_key_reused")
    house.at = first.json()["position"]
    assert await said(house) == [TEXT]


async def test_the_words_are_sealed_in_the_row_and_in_no_push(house):
    id = await say(house, TEXT)
    await house.seen(house.basma, house.path)
    async with borrow(house.souk.project) as db:
        tables = "read.comments_comments", "read.changes", "log.events"
        whose = f"{house.tenant}/comments/{id}"
        rows = [
            await (
                await db.execute(f"SELECT {columns} FROM {table} WHERE {where}", params)
            ).fetchall()
            for table, columns, where, params in (
                (tables[0], "body, personal", "tenant = %s AND id = %s", (house.tenant, id)),
                (tables[1], "document, personal", "tenant = %s AND id = %s", (house.tenant, id)),
                (tables[2], "data, data", "stream = %s", (whose,)),
            )
        ]
    ((body, sealed),), ((document, _),), _ = rows
    assert all("Didouche" not in str(cell) for found in rows for row in found for cell in row)
    assert [len(found) for found in rows] == [1, 1, 1]
    assert b'"text"' in sealed
    for pushed in (body, document):
        assert b'"author":"karim"' in pushed
        assert not any(word in pushed for word in (b"text", b"personal", b"box"))


async def test_a_comment_has_1_to_500_characters(house):
    longest = "ع" * 500
    await say(house, longest)
    await say(house, "x")
    assert await said(house) == ["x", longest]
    for text, refusal in (
        ("", (400, "malformed")),
        ("x" * 501, (400, "malformed")),
        (" \n\u00a0", (422, "comments.empty")),
        (None, (400, "malformed")),
    ):
        assert await refused(house.karim.post(house.path, {"text": text})) == refusal
    assert await refused(house.karim.post(house.path, {})) == (400, "malformed")


async def test_a_cursor_repeats_and_skips_nothing_while_more_is_said(house):
    for number in range(12):
        await say(house, str(number))

    async def more():
        await say(house, "meanwhile")

    read = await slices(house, house.path, more)
    assert [item["personal"]["text"] for item in read] == [str(n) for n in reversed(range(12))]
    assert len((await house.seen(house.karim, house.path, limit=20))["items"]) == 13


async def test_a_comment_is_removed_by_its_author_the_reels_seller_or_staff(house):
    for number, client in enumerate((house.karim, house.amina, house.root), start=1):
        id = await say(house, TEXT)
        path = f"{house.path}/{id}"
        removed = await house.done(client.delete(path))
        again = await house.done(client.delete(path))
        assert (removed["version"], again["version"]) == (2, 2)
        assert await said(house) == []
        assert await house.unseen(house.karim, path) == UNSAID
        assert (await house.counters(house.id))["comments"] == 0, number


async def test_nobody_else_removes_it(house):
    id = await say(house, TEXT)
    path = f"{house.path}/{id}"
    for stranger in (house.basma, house.of("buyer", "nora")):
        assert await refused(stranger.delete(path)) == (403, "comments.not_yours")
    assert await refused(house.olga.delete(path)) == (403, "forbidden")
    assert await said(house) == [TEXT]


async def test_a_comment_is_found_under_its_own_reel_only(house):
    id, other = await say(house, TEXT), await house.reel(house.rug)
    path = f"/reels/{other}/comments"
    assert (await house.seen(house.karim, path))["items"] == []
    assert await house.unseen(house.karim, f"{path}/{id}") == UNSAID
    for nowhere in (f"{path}/{id}", f"{house.path}/{uuid4()}"):
        for client in (house.karim, house.root):
            assert await refused(client.delete(nowhere)) == UNSAID
    assert await said(house) == [TEXT]


async def test_nothing_is_said_under_what_is_not_shown(house):
    draft = await house.draft(house.rug)
    await house.hide(house.id)
    for id in (house.id, draft, str(uuid4())):
        for client in (house.karim, house.amina):
            sent = client.post(f"/reels/{id}/comments", {"text": TEXT})
            assert await refused(sent) == UNKNOWN
    await house.restore(house.id)
    await house.done(house.amina.post(f"/catalog/products/{house.rug}/retire"))
    assert await refused(house.karim.post(house.path, {"text": TEXT})) == UNKNOWN


async def test_under_a_hidden_reel_only_its_seller_and_staff_read_and_its_author_may_take_back(
    house,
):
    id = await say(house, TEXT)
    await house.hide(house.id)
    for client in (house.karim, house.basma):
        assert await house.unseen(client, house.path) == UNKNOWN
        assert await house.unseen(client, f"{house.path}/{id}") == UNKNOWN
    for client in (house.amina, house.root, house.olga):
        assert await said(house, client) == [TEXT]
    await house.done(house.karim.delete(f"{house.path}/{id}"))
    assert await said(house, house.amina) == []


async def test_when_a_person_is_forgotten_their_comments_stay_without_words(house):
    await say(house, TEXT)
    await say(house, "Lovely", house.basma)
    await house.souk.keyring.destroy(house.tenant, "karim")
    assert await said(house) == ["Lovely", None]


async def test_who_may_only_read_says_nothing(house):
    assert await refused(house.olga.post(house.path, {"text": TEXT})) == (403, "forbidden")


async def test_in_another_tenant_there_is_nothing_of_it(house, houses):
    id = await say(house, TEXT)
    other = await houses()
    other.at = house.at
    path = f"{house.path}/{id}"
    for stranger in (other.karim, other.amina, other.root):
        assert await other.unseen(stranger, house.path) == UNKNOWN
        assert await other.unseen(stranger, path) == UNKNOWN
        assert await refused(stranger.post(house.path, {"text": TEXT})) == UNKNOWN
        assert await refused(stranger.delete(path)) == UNSAID
    assert await said(house) == [TEXT]


@asynccontextmanager
async def standing_still(house, table):
    """Its projection waits for a lock until the block ends."""
    url = house.souk.settings.postgres_url
    async with await psycopg.AsyncConnection.connect(url) as other:
        await other.execute(f"LOCK TABLE read.{table} IN EXCLUSIVE MODE")  # reads go on
        yield
        await other.rollback()


async def test_who_reads_after_a_position_waits_for_the_reel_too(house):
    """Comments may be told before the reel that they are under."""
    async with standing_still(house, "reels_reels"):
        house.path = f"/reels/{await house.reel(house.rug)}/comments"
        await say(house, TEXT)
        await house.souk.positions.wait("comments", house.at, PATIENCE)
        reading = asyncio.create_task(said(house))
        await asyncio.wait([reading], timeout=0.3)
    assert await reading == [TEXT]
