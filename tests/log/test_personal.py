"""Personal data: sealed wherever it is stored, bound to its place, gone with its key."""

import asyncio

import msgspec
import psycopg
import pytest

from adapters.log import tail
from adapters.log.codec import Unsealed, enc_hook
from adapters.log.keyring import Broken, Keyring
from application.ports import New
from domain.kernel import Personal
from tests.log.notes import (
    CODEC,
    MASTER,
    Address,
    Called,
    Signed,
    append,
    key,
    landed,
    opened,
    rows,
    stream,
)

ANA = "Ana Canary Lima"
STREET = "Rua Canary 7"


def signed(name=ANA, subject="ana"):
    return Signed(Personal(subject, name), Address(Personal(subject, STREET), "Porto"))


async def put(log, id, *events):
    return await log.append(append(New(stream(id), 0, events)))


async def event(log, id, version=1):
    return (await log.read("acme", [stream(id)]))[stream(id)][version - 1].event


async def test_the_writer_reads_it_back_in_clear_also_when_it_is_empty(log):
    await put(log, 1, signed(), Signed(None), signed(name=""))
    assert await event(log, 1) == signed()
    assert await event(log, 1, 2) == Signed(None)
    assert (await event(log, 1, 3)).name.text == ""


async def test_no_table_holds_a_clear_byte_of_it(log, database):
    await log.append(append(New(stream(1), 0, (signed(),)), idempotency=key("k"), answer=landed))
    async with await psycopg.AsyncConnection.connect(database) as connection:
        for table in ("log.events", "log.answers", "log.claims", "log.chains", "keys.subjects"):
            cursor = await connection.execute(f"SELECT t::text FROM {table} t")
            stored = str(await cursor.fetchall())
            assert b"Canary".hex() not in stored
            assert "Canary" not in stored


async def test_projectors_get_it_sealed_and_may_store_it_so(log, database):
    await put(log, 1, signed())
    async with await psycopg.AsyncConnection.connect(database) as connection:
        (recorded,) = await tail.read_after(connection, 0, 10, CODEC)
    assert recorded.event.name.sealed
    assert recorded.event.name.text == ""
    row = msgspec.json.encode(recorded.event.address, enc_hook=enc_hook)
    assert b"Canary" not in row
    opened_row = msgspec.json.decode(await log.keyring.open_personal("acme", row))
    assert opened_row == {"street": STREET, "city": "Porto"}


def test_clear_personal_data_cannot_be_stored_by_mistake():
    with pytest.raises(Unsealed):
        msgspec.json.encode(signed(), enc_hook=enc_hook)


async def test_two_seals_of_one_text_differ(log, database):
    await put(log, 1, signed())
    await put(log, 2, signed())
    (one,), (two,) = await rows(database, "SELECT data FROM log.events")
    assert msgspec.json.decode(one)["name"]["sealed"] != msgspec.json.decode(two)["name"]["sealed"]


@pytest.mark.parametrize("other", [(2, signed()), (1, Called(Personal("ana", "x")))])
async def test_a_seal_moved_to_another_stream_or_tag_does_not_open(log, database, other):
    id, second = other
    await put(log, 9, signed())
    await put(log, id, second)
    stored = [
        msgspec.json.decode(d)
        for (d,) in await rows(database, "SELECT data FROM log.events ORDER BY position")
    ]
    name = stored[1]["name"]
    forged = {**stored[0], "name": {**name, "stream": stream(9), "tag": "notes.signed"}}
    await rows(
        database,
        "UPDATE log.events SET data = %s WHERE position = 1 RETURNING 1",
        (msgspec.json.encode(forged),),
    )
    with pytest.raises(Broken):
        await event(log, 9)


async def test_another_tenant_cannot_open_it(log, database):
    await put(log, 1, signed())
    ((data,),) = await rows(database, "SELECT data FROM log.events")
    await log.keyring.for_sealing("zenith", ["ana"])
    with pytest.raises(Broken):
        await log.keyring.open_personal("zenith", data)


async def test_a_destroyed_key_reads_as_erased_everywhere_and_stays_so(log, database):
    await put(log, 1, signed(), Called(Personal("bia", "Bia")))
    ((data,), _) = await rows(database, "SELECT data FROM log.events ORDER BY position")
    await log.keyring.destroy("acme", "ana")
    async with opened(database) as another:
        for place in (log, another):
            assert (await event(place, 1)).name.erased
            assert (await event(place, 1)).name.text == ""
            assert (await event(place, 1, 2)).name.text == "Bia"
    assert msgspec.json.decode(await log.keyring.open_personal("acme", data))["name"] is None
    await put(log, 2, signed())
    assert (await event(log, 2)).name.erased
    ((key,),) = await rows(database, "SELECT sealed_key FROM keys.subjects WHERE subject = 'ana'")
    assert key is None


async def test_what_a_person_is_found_by_is_a_hash_under_the_tenants_own_key(log, database):
    found = Signed(Personal("ana", "0550 12", lookup="55012"))
    await put(log, 1, found, found)
    await put(log, 2, signed())
    stored = [
        msgspec.json.decode(d)["name"]
        for (d,) in await rows(database, "SELECT data FROM log.events ORDER BY position")
    ]
    hashed = await log.keyring.hashed("acme", "55012")
    assert len(hashed) == 64
    assert [name.get("lookup") for name in stored] == [hashed, hashed, None]
    assert await log.keyring.hashed("zenith", "55012") != hashed
    async with opened(database) as another:
        assert await another.keyring.hashed("acme", "55012") == hashed
    assert (await event(log, 1)).name.lookup == ""


async def test_of_who_is_erased_no_hash_is_stored_any_more(log, database):
    await put(log, 1, signed())
    await log.keyring.destroy("acme", "ana")
    await put(log, 2, Signed(Personal("ana", "0550 12", lookup="55012")))
    (_, (data,)) = await rows(database, "SELECT data FROM log.events ORDER BY position")
    assert "lookup" not in msgspec.json.decode(data)["name"]
    assert await log.keyring.living("acme", ["ana", "nobody"]) == []


async def test_a_crowd_of_first_comers_shares_commits_and_no_key(log, database):
    """Of two processes, both of which meet each of them for the first time."""
    people = [f"p{number}" for number in range(40)]
    rings = [Keyring(log.pool, MASTER) for _ in range(2)]

    async def sealed(keyring, person):
        seals = await keyring.for_sealing("acme", [person])
        return seals.seal(Personal(person, f"said by {person}"), "acme/notes/1", "signed")

    said = await asyncio.gather(*(sealed(ring, one) for one in people for ring in rings))
    seals = await Keyring(log.pool, MASTER).for_opening("acme", people)
    for personal in said:
        assert seals.text(personal) == f"said by {personal.subject}"
    (stolen := said[0]).subject = "p1"
    with pytest.raises(Broken):
        seals.text(stolen)
    ((commits,),) = await rows(database, "SELECT count(DISTINCT xmin::text) FROM keys.subjects")
    assert commits < 10


async def test_a_wrong_master_key_opens_nothing(log):
    await put(log, 1, signed())
    wrong = await Keyring(log.pool, bytes(32)).for_opening("acme", ["ana"])
    with pytest.raises(Broken):
        wrong.seal(Personal("ana", ANA), stream(1), "notes.signed")


async def test_a_key_that_does_not_open_holds_up_nobody_else(log, database):
    await put(log, 1, signed())
    await put(log, 2, signed("Bia", "bia"))
    spoil = "UPDATE keys.subjects SET sealed_key = %s WHERE subject = 'ana' RETURNING 1"
    await rows(database, spoil, (bytes(60),))
    seals = await Keyring(log.pool, MASTER).for_opening("acme", ["ana", "bia"])
    stored = seals.seal(Personal("bia", "Bia"), stream(2), "notes.signed")
    assert seals.text(stored) == "Bia"
    with pytest.raises(Broken, match="the key of 'ana'"):
        seals.text(Personal("ana", box=stored.box, stream=stored.stream, tag=stored.tag))
    async with opened(database) as another:
        assert (await event(another, 2)).name.text == "Bia"
        with pytest.raises(Broken):
            await event(another, 1)
