"""Roots are published once each, in order, and made up for whatever was away."""

import asyncio
import json

import nats
import pytest

from adapters.media.objects import Objects
from adapters.projector.leader import connected
from adapters.projector.verify import verify, witnesses
from adapters.roots import rows, statement
from adapters.roots.keys import Seal, new_key, of_jwks
from adapters.roots.outlets import Away, Shelf, Wire, key_of
from adapters.roots.publisher import Publisher
from adapters.roots.tree import Frontier
from tests.log.notes import append, note, opened
from tests.support.patience import PATIENCE
from tests.tamper.ground import Quiet

NOWHERE = "nats://127.0.0.1:1"


class Closed:
    """An outlet that is away until it is opened."""

    def __init__(self, name="closed", open=False):
        self.name, self.open, self.taken = name, open, []
        self.came = asyncio.Event()

    async def take(self, root):
        if not self.open:
            raise Away("closed")
        self.taken.append(root)
        self.came.set()


async def publishing(database, outlets, pem=""):
    """One pass; whether every outlet has everything."""
    publisher = Publisher(database, outlets, pem, 60)
    async with connected(database, "tests") as db:
        made = await publisher.publish(db)
        return made, await publisher.hand_on(db)


async def handed_on(database, outlet, pem):
    """Passes until the outlet has everything, which may be too busy; how many roots they made."""
    total = 0
    async with asyncio.timeout(PATIENCE):
        while True:
            made, done = await publishing(database, [outlet], pem)
            total += made
            if done:
                return total


async def every(database):
    async with connected(database, "tests") as db:
        return await rows.between(db, 0, 2**62)


async def test_each_pass_makes_one_root_for_each_tenant_with_news(database):
    async with opened(database) as log:
        assert await publishing(database, []) == (0, True)
        await log.append(append(note(1, "a", "b")))
        await log.append(append(note(1, "a", tenant="zenith"), tenant="zenith"))
        assert await publishing(database, []) == (2, True)
        assert await publishing(database, []) == (0, True)
        await log.append(append(note(2, "c")))
        assert await publishing(database, []) == (1, True)
    found = await every(database)
    assert [(row.tenant, row.size, row.position) for row in found] == [
        ("acme", 2, 2),
        ("zenith", 1, 3),
        ("acme", 3, 4),
    ]
    assert found[2].before == found[0].root


@pytest.mark.parametrize("batch", [1, 3])
async def test_in_any_batches_the_tree_is_that_of_all_events(database, monkeypatch, batch):
    monkeypatch.setattr("adapters.roots.publisher.BATCH", batch)
    async with opened(database) as log:
        for number in range(4):
            await log.append(append(note(number, "a", "b")))
            await publishing(database, [])
    hashes = [hash for (hash,) in await _sql(database, "SELECT hash FROM log.events ORDER BY 1")]
    assert len(hashes) == 8
    ordered = await _sql(database, "SELECT hash FROM log.events ORDER BY position")
    tree = Frontier()
    for (hash,) in ordered:
        tree.add(hash)
    assert (await every(database))[-1].root == tree.root


async def _sql(database, sql):
    from tests.log.notes import rows as asked

    return await asked(database, sql)


async def test_what_was_away_is_told_everything_once_when_it_is_back(database):
    closed, other = Closed(), Closed("other", open=True)
    async with opened(database) as log:
        for number in range(3):
            await log.append(append(note(number, "a")))
            assert await publishing(database, [closed, other]) == (1, False)
    assert [root.size for root in other.taken] == [1, 2, 3]
    closed.open = True
    assert await publishing(database, [closed, other]) == (0, True)
    assert [root.size for root in closed.taken] == [1, 2, 3]
    assert await publishing(database, [closed, other]) == (0, True)
    assert len(closed.taken) == len(other.taken) == 3


async def test_they_reach_nats_in_the_shape_of_a_change_signed(stack, database):
    pem = new_key()
    async with opened(database) as log:
        await log.append(append(note(1, "a", tenant="roots-told"), tenant="roots-told"))
    wire = Wire(stack.nats_url)
    assert await publishing(database, [Wire(NOWHERE)], pem) == (1, False)
    assert await handed_on(database, wire, pem) == 0
    await wire.close()
    client = await nats.connect(stack.nats_url)
    source = await client.jetstream(timeout=PATIENCE).subscribe(
        "souk.roots-told.audit.roots", ordered_consumer=True
    )
    told = json.loads((await source.next_msg(timeout=PATIENCE)).data)
    await client.close()
    root = statement.read(json.dumps(told["document"], separators=(",", ":")).encode())
    assert (told["topic"], told["position"], root.size) == ("audit.roots", 1, 1)
    assert Seal(pem).public.signed(root)


async def test_s3_keeps_each_and_verify_holds_them_against_the_log(s3, database):
    objects, pem = Objects(s3), new_key()
    shelf = Shelf(objects)

    async def verified():
        found = []
        done = await verify(database, None, {}, Quiet(), found.append, objects)
        mine = [each for each in found if each.tenant.startswith("kept-")]
        return done.shelved, {(each.table, each.what) for each in mine}

    async with opened(database) as log:
        for number in range(3):
            await log.append(append(note(number, "a", tenant="kept-1"), tenant="kept-1"))
            assert await handed_on(database, shelf, pem) == 1
    assert await verified() == (3, set())
    kept = [row.told for row in await every(database)]
    file = b"".join([part async for part in objects.read(key_of("kept-1", 2))])
    assert statement.read(file) == kept[1]
    await objects.put(
        key_of("kept-1", 2), file.replace(b'"size":2', b'"size":3'), "application/json"
    )
    assert await verified() == (2, {("s3", "changed")})
    await shelf.take(kept[1])  # is not overwritten, nor is this
    assert await verified() == (2, {("s3", "changed")})
    await objects.remove(key_of("kept-1", 2))
    assert await verified() == (2, {("s3", "missing")})
    await shelf.take(kept[1])
    await objects.put(key_of("kept-2", 9), file, "application/json")
    assert await verified() == (3, {("s3", "extra")})
    await objects.remove(key_of("kept-2", 9))
    objects.close()


async def test_roots_that_are_made_while_it_verifies_are_none_too_many(s3, database, monkeypatch):
    """However many: reading the log may take hours."""
    monkeypatch.setattr(witnesses, "AT_ONCE", 1)
    objects, pem, found = Objects(s3), new_key(), []
    shelf = Shelf(objects)
    async with opened(database) as log, connected(database, "tests") as now:

        async def made(number):
            await log.append(append(note(number, "a", tenant="newer"), tenant="newer"))
            assert await handed_on(database, shelf, pem) == 1

        await made(0)
        async with connected(database, "tests") as db, db.transaction():
            await db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            mark = await rows.mark(db, shelf.name)
            for number in range(1, 4):
                await made(number)
            assert await rows.mark(db, shelf.name) == mark
            assert await witnesses.Witnesses(db, found.append).shelved(objects, now) == 1
    assert [each for each in found if each.tenant == "newer"] == []
    objects.close()


async def test_the_one_that_leads_publishes_by_itself_until_it_is_stopped(database):
    outlet, stop = Closed(open=True), asyncio.Event()
    async with opened(database) as log:
        await log.append(append(note(1, "a")))
        running = asyncio.create_task(Publisher(database, [outlet], "", 0.05).run(stop))
        async with asyncio.timeout(PATIENCE):
            await outlet.came.wait()
            outlet.came.clear()
            await log.append(append(note(2, "a")))
            await outlet.came.wait()
        stop.set()
        await running
    assert [root.size for root in outlet.taken] == [1, 2]


async def test_never_is_never(database):
    async with opened(database) as log:
        await log.append(append(note(1, "a")))
        await Publisher(database, [], "", 0).run(asyncio.Event())
    assert await every(database) == []


async def test_the_public_key_is_there_for_all(api):
    pem = new_key()
    answer = await api.http.get("/.well-known/souk-roots.json")
    assert answer.json() == {"keys": []}
    from adapters.roots.keys import jwks_of

    said = json.dumps(jwks_of(pem), separators=(",", ":")).encode()
    assert set(of_jwks(said)) == {Seal(pem).public.id}
