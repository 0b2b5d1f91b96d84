"""One byte changed anywhere in the store: it is found from within and from without, and where."""

import pytest

from tests.tamper.ground import OTHER, TENANT

# A column and what it becomes; the bytes of ``data`` and ``hash`` are flipped one by one below.
EVENTS = {
    "tenant": f"'{OTHER}'",
    "stream": "stream || 'x'",
    "version": "version + 50",
    "position": "position + 1000000",
    "tag": "tag || 'x'",
    "schema_version": "schema_version + 1",
    "event_id": "gen_random_uuid()",
    "occurred_at": "occurred_at + interval '1 microsecond'",
    "recorded_at": "recorded_at + interval '1 microsecond'",
    "actor": "'eve'",
    "correlation": "gen_random_uuid()",
    "causation": "gen_random_uuid()",
    "command_id": "gen_random_uuid()",
    "origin": "set_byte(origin, length(origin) / 2, 1 + get_byte(origin, length(origin) / 2))",
    "data": "data || ' '::bytea",
    "hash": "sha256(hash)",
}
CHAINS = {
    "tenant": "tenant || 'x'",
    "position": "position - 1",
    "hash": "sha256(hash)",
}
ROOTS = {
    "tenant": "'nobody'",
    "size": "size + 1",
    "position": "position + 1000000",
    "chain_hash": "sha256(chain_hash)",
    "root": "set_byte(root, 31, 255 - get_byte(root, 31))",
    "frontier": "set_byte(frontier, 0, 255 - get_byte(frontier, 0))",
    "before": "sha256(before)",
    "key_id": "key_id || 'x'",
    "signature": "set_byte(signature, 40, 255 - get_byte(signature, 40))",
    "published_at": "published_at + interval '1 microsecond'",
}
AT = 4  # the position that is struck: an event in the middle of the first half


class Struck:
    """The store while one thing in it is not as it was."""

    def __init__(self, ground, table, where="true"):
        self._ground, self._table, self._where = ground, table, where
        ground.sql(f"DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT * FROM {table}")

    def __enter__(self):
        return self

    def change(self, what):
        self._ground.sql(f"UPDATE {self._table} SET {what} WHERE {self._where}")

    def __exit__(self, *error):
        table = self._table
        self._ground.sql(f"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept")


async def faults(ground, **brought):
    report = ground.check(await ground.bundle(), **brought)
    assert report.whole is (report.faults == 0)
    return report.found


def test_every_column_is_struck(ground):
    for table, columns in (("events", EVENTS), ("chains", CHAINS), ("roots", ROOTS)):
        stored = ground.sql(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'log' AND table_name = %s",
            table,
        )
        assert {name for (name,) in stored} == set(columns)


@pytest.mark.parametrize("column", EVENTS)
async def test_a_change_in_any_column_of_an_event_is_found_where_it_is(ground, column):
    with Struck(ground, "log.events", f"position = {AT}") as store:
        store.change(f"{column} = {EVENTS[column]}")
        verified, found = await ground.verified(), await faults(ground)
        events = {at for table, at, _ in verified if table == "log.events"}
        moved = column in ("position", "tenant")
        assert str(AT) in events or (moved and events & {str(AT + 1), str(AT + 1_000_000)})
        places = {fault.position for fault in found}
        assert AT in places or (moved and AT + 1 in places)
    assert await ground.verified() == []


@pytest.mark.parametrize("column", ["data", "hash", "origin"])
async def test_every_byte_of_an_event_counts(ground, column):
    """Some bytes, each by another bit."""
    ((length,),) = ground.sql(f"SELECT length({column}) FROM log.events WHERE position = {AT}")
    for byte in range(0, length, max(1, length // 4)):
        with Struck(ground, "log.events", f"position = {AT}") as store:
            bit = 1 << (byte % 8)
            store.change(
                f"{column} = set_byte({column}, {byte}, get_byte({column}, {byte}) # {bit})"
            )
            found = await faults(ground)
        assert AT in {fault.position for fault in found if fault.field == "hash"}


@pytest.mark.parametrize("column", CHAINS)
async def test_a_change_of_the_chain_s_end_is_found(ground, column):
    with Struck(ground, "log.chains", f"tenant = '{TENANT}'") as store:
        store.change(f"{column} = {CHAINS[column]}")
        verified, found = await ground.verified(), await faults(ground)
        assert {(table, what) for table, _, what in verified} == {
            ("log.events", "is not where the chain ends")
        }
        assert {(fault.file, fault.field) for fault in found} == {("manifest.json", "end")}


@pytest.mark.parametrize("column", ROOTS)
async def test_a_change_in_any_column_of_a_root_is_found(ground, column):
    size = (await ground.roots())[0].size
    with Struck(ground, "log.roots", f"tenant = '{TENANT}' AND size = {size}") as store:
        store.change(f"{column} = {ROOTS[column]}")
        verified, found = await ground.verified(), await faults(ground, trusted=[ground.public])
        assert {table for table, _, _ in verified} == {"log.roots"}
        # What a frontier is, the bundle does not say: it is made of the events.
        assert {fault.file for fault in found} == (
            {"roots.jsonl"} - {column == "frontier" and "roots.jsonl"}
        )


async def test_a_key_that_is_changed_signs_nothing(ground):
    with Struck(ground, "log.root_keys") as store:
        store.change("public_key = sha256(public_key)")
        assert {table for table, _, _ in await ground.verified()} == {"log.roots"}
        assert {fault.field for fault in await faults(ground)} == {"signature"}


@pytest.mark.parametrize(
    ("strike", "places"),
    [
        (f"DELETE FROM log.events WHERE position = {AT}", {AT + 1}),
        ("DELETE FROM log.events WHERE position = (SELECT max(position) FROM log.events)", {None}),
        ("DELETE FROM log.events WHERE position = 1", {2}),
        (
            "INSERT INTO log.events SELECT tenant, stream || 'x', version, position + 1000000, tag,"
            " schema_version, gen_random_uuid(), occurred_at, recorded_at, actor, correlation,"
            f" causation, command_id, data, hash, origin FROM log.events WHERE position = {AT}",
            {AT + 1_000_000},
        ),
        (
            "UPDATE log.events e SET position = -e.position WHERE position IN (4, 6);"
            " UPDATE log.events SET position = 10 + position WHERE position IN (-4, -6)",
            {4, 6},
        ),
        (
            "UPDATE log.events e SET data = o.data FROM log.events o"
            " WHERE e.position IN (4, 5) AND o.position IN (4, 5) AND o.position <> e.position",
            {4, 5},
        ),
    ],
    ids=["deleted", "cut off", "the first gone", "slipped in", "swapped", "data swapped"],
)
async def test_what_is_gone_slipped_in_or_swapped_is_found(ground, strike, places):
    with Struck(ground, "log.events"):
        ground.sql(strike)
        assert {table for table, _, _ in await ground.verified()} & {"log.events"}
        found = await faults(ground, kept=await ground.witnesses())
        told = {fault.position for fault in found if fault.file == "events.jsonl"} or {None}
        assert places <= told
        assert found


async def test_an_end_that_is_cut_off_with_all_that_tells_of_it_is_given_away_by_a_root(ground):
    """Head, last link and all: only the root still stands for what is gone."""
    first, second = await ground.roots()
    names = ("log.events", "log.chains", "log.head")
    kept = [f"kept_{name[4:]}" for name in names]
    for name, copy in zip(names, kept, strict=True):
        ground.sql(f"CREATE TABLE {copy} AS SELECT * FROM {name}")
    try:
        ground.sql("DELETE FROM log.events WHERE position > %s", first.position)
        sql = "UPDATE log.chains SET position = %s, hash = decode(%s, 'hex') WHERE tenant = %s"
        ground.sql(sql, first.position, first.chain, TENANT)
        ground.sql("UPDATE log.head SET position = (SELECT max(position) FROM log.events)")
        assert ("log.roots", str(second.size)) in {
            (table, id) for table, id, _ in await ground.verified()
        }
        found = await faults(ground)
        assert {(fault.file, fault.position) for fault in found if fault.field == "size"} == {
            ("roots.jsonl", second.position)
        }
    finally:
        for name, copy in zip(names, kept, strict=True):
            ground.sql(f"DELETE FROM {name}; INSERT INTO {name} SELECT * FROM {copy}")
            ground.sql(f"DROP TABLE {copy}")
