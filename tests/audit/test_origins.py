"""Where commands came from: stored sealed, chained, and told truly through proxies."""

import hashlib
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
import pytest

from adapters.log.chain import link, verify
from adapters.log.master import Broken
from adapters.log.origins import Origins, read
from adapters.log.rows import COLUMNS, Row
from application.ports import Append, Origin
from entrypoints.http.origins import LONGEST, origin_of
from entrypoints.variables import SettingsMissing, trusted_proxies_of
from tests.log.notes import TENANT, call, note, opened, rows, stream

FROM = Origin("http", "192.0.2.7", "curl/8 of Ana's")


async def appended(log, *new, origin=FROM):
    return await log.append(Append(call(origin=origin), new))


async def test_the_first_event_of_a_command_has_its_origin_and_no_other(database):
    async with opened(database) as log:
        await appended(log, note(1, "a", "b"), note(2, "c"))
        await appended(log, note(3, "d"), origin=None)
        await appended(log, note(4, "e"), origin=Origin("policy"))
    found = [r for (r,) in await rows(database, "SELECT origin FROM log.events ORDER BY position")]
    assert [kept is not None for kept in found] == [True, False, False, False, True]
    assert found[4] == b'{"channel":"policy"}'
    assert msgspec.json.decode(found[0])["channel"] == "http"
    for personal in (b"192.0.2.7", b"curl", b"Ana"):
        assert personal not in found[0]


async def test_a_changed_removed_or_invented_origin_shows_in_the_chain(database):
    async with opened(database) as log:
        await appended(log, note(1, "a", "b"))
        await appended(log, note(2, "c"), origin=None)
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        assert await verify(connection, TENANT) == (3, None)
        for position, forged in ((1, None), (1, b'{"channel":"cli"}'), (3, b""), (2, b"{}")):
            change = "UPDATE log.events SET origin = %s WHERE position = %s"
            kept = "SELECT origin FROM log.events WHERE position = %s"
            ((before,),) = await rows(database, kept, (position,))
            await connection.execute(change, (forged, position))
            assert (await verify(connection, TENANT)).bad == position
            await connection.execute(change, (before, position))


async def test_a_row_without_an_origin_is_hashed_as_it_always_was(database):
    async with opened(database) as log:
        await appended(log, note(1, "a"), origin=None)
    ((*columns,),) = await rows(database, f"SELECT {COLUMNS} FROM log.events")
    kept = Row(*columns)
    assert link(bytes(32), kept) == kept.hash == by_hand(kept)


def by_hand(row):
    """The hash as it was documented before there were origins."""

    def whole(number, size):
        return number.to_bytes(size, "big", signed=True)

    def micros(when):
        return whole((when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1), 8)

    def text(part):
        return len(part).to_bytes(4, "big") + part

    return hashlib.sha256(
        bytes(32)
        + whole(row.version, 8)
        + whole(row.position, 8)
        + whole(row.schema_version, 4)
        + row.event_id.bytes
        + micros(row.occurred_at)
        + micros(row.recorded_at)
        + bytes(17)
        + row.correlation.bytes
        + row.command_id.bytes
        + b"".join(text(t.encode()) for t in (row.tenant, row.stream, row.tag, row.actor))
        + text(row.data)
    ).digest()


async def test_an_origin_of_who_is_erased_is_stored_as_erased(database):
    async with opened(database) as log:
        await log.keyring.destroy(TENANT, "ana")
        await appended(log, note(1, "a"))
    ((kept,),) = await rows(database, "SELECT origin FROM log.events")
    assert msgspec.json.decode(kept) == {"channel": "http", "box": "erased"}


async def test_a_sealed_origin_opens_only_as_its_own_actors(database):
    async with opened(database) as log:
        kept = await Origins(log.keyring).stored(call(origin=FROM))
        seals = await log.keyring.for_sealing(TENANT, ["ana", "eve"])
        _, personal = read(kept, TENANT, "ana")
        assert seals.text(personal) == '["192.0.2.7","curl/8 of Ana\'s"]'
        _, moved = read(kept, TENANT, "eve")
        with pytest.raises(Broken):
            seals.text(moved)


def scope(peer, **headers):
    named = [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()]
    return {"client": peer and (peer, 1234), "headers": named}


@pytest.mark.parametrize(
    ("peer", "said", "trusted", "told"),
    [
        ("192.0.2.7", "203.0.113.9", (), "192.0.2.7"),
        ("192.0.2.7", "203.0.113.9", ("10.0.0.0/8",), "192.0.2.7"),
        ("10.0.0.1", "203.0.113.9", ("10.0.0.0/8",), "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2", ("10.0.0.0/8",), "203.0.113.9"),
        ("10.0.0.1", "6.6.6.6, nonsense", ("10.0.0.0/8",), "10.0.0.1"),
        ("10.0.0.1", "2001:db8::1", ("10.0.0.1/32",), "2001:db8::1"),
        ("10.0.0.1", "", ("10.0.0.0/8",), "10.0.0.1"),
        (None, "203.0.113.9", ("10.0.0.0/8",), ""),
    ],
)
def test_the_address_is_the_peers_unless_a_trusted_proxy_says_otherwise(peer, said, trusted, told):
    assert origin_of(scope(peer, x_forwarded_for=said), trusted).ip == told


def test_an_agent_is_cut():
    assert origin_of(scope("192.0.2.7", user_agent="a" * 999), ()).agent == "a" * LONGEST


def test_trusted_proxies_are_addresses_and_networks():
    said = {"SOUK_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1"}
    assert trusted_proxies_of(said) == ("10.0.0.0/8", "192.0.2.1/32")
    assert trusted_proxies_of({}) == ()
    with pytest.raises(SettingsMissing):
        trusted_proxies_of({"SOUK_TRUSTED_PROXIES": "the proxy"})


async def test_streams_are_still_read_as_they_were(database):
    async with opened(database) as log:
        await appended(log, note(1, "a", "b"))
        found = await log.read(TENANT, [stream(1)])
    assert [recorded.event.text for recorded in found[stream(1)]] == ["a", "b"]
