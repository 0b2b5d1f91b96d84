"""An attacker who may write everything makes every hash anew: what others kept gives him away."""

import pytest

from adapters.bundle.manifest import KEYS, ROOTS
from adapters.bundle.witnesses import Witness
from adapters.log.chain import GENESIS, link
from adapters.log.rows import COLUMNS, Row
from adapters.roots.growing import Growing
from adapters.roots.keys import Seal, new_key
from adapters.roots.statement import Root
from tests.tamper.ground import TENANT
from tests.tamper.packing import files_of, packed

AT = 15  # an event above the first root and below the second


@pytest.fixture
def rewritten(ground):
    """The actor of one event is another, and the chain fits again."""
    ground.sql("CREATE TABLE events AS SELECT * FROM log.events")
    ground.sql("CREATE TABLE chains AS SELECT * FROM log.chains")
    ground.sql("CREATE TABLE roots AS SELECT * FROM log.roots")
    ground.sql("CREATE TABLE root_keys AS SELECT * FROM log.root_keys")
    ground.sql("UPDATE log.events SET actor = 'eve' WHERE position = %s", AT)
    before = GENESIS
    for row in stored(ground):
        before = link(before, row)
        ground.sql("UPDATE log.events SET hash = %s WHERE position = %s", before, row.position)
    ground.sql("UPDATE log.chains SET hash = %s WHERE tenant = %s", before, TENANT)
    yield ground
    for name in ("events", "chains", "roots", "root_keys"):
        ground.sql(f"DELETE FROM log.{name}; INSERT INTO log.{name} SELECT * FROM {name}")
        ground.sql(f"DROP TABLE {name}")


def stored(ground):
    sql = f"SELECT {COLUMNS} FROM log.events WHERE tenant = %s ORDER BY position"
    return [Row(*columns) for columns in ground.sql(sql, TENANT)]


async def with_roots_of_his_own(ground, pem):
    """At the very places of the true ones, and at the same times."""
    seal = Seal(pem) if pem else None
    true = {root.position: root for root in await ground.roots()}
    growing, last = Growing(TENANT, None), None
    for row in stored(ground):
        growing.add(row.position, row.hash)
        if row.position in true:
            made = growing.stated(true[row.position].at, seal)
            growing._before = made.root
            ground.sql(
                "UPDATE log.roots SET chain_hash = %s, root = %s, frontier = %s, before = %s,"
                " key_id = %s, signature = %s WHERE position = %s",
                *(made.chain_hash, made.root, made.frontier, made.before),
                *(made.key_id, made.signature, made.position),
            )
            last = made
    if seal:
        ground.sql("INSERT INTO log.root_keys VALUES (%s, %s)", seal.public.id, seal.public.raw)
    return last


async def test_a_chain_made_anew_fits_no_root(rewritten):
    assert {table for table, _, _ in await rewritten.verified()} == {"log.roots"}
    found = rewritten.check(await rewritten.bundle()).found
    assert {fault.file for fault in found} == {"roots.jsonl"}
    first, second = await rewritten.roots()
    assert {fault.position for fault in found} == {second.position}
    assert first.position < AT <= second.position
    assert any(f"altered after position {first.position}" in fault.what for fault in found)


@pytest.mark.parametrize("pem", ["", new_key()], ids=["unsigned", "signed by himself"])
async def test_roots_made_anew_are_given_away_by_the_key_and_by_roots_that_were_kept(
    ground, rewritten, pem
):
    kept = [Witness(root, f"{root.size}.json") for root in await ground.roots()]
    await with_roots_of_his_own(rewritten, pem)
    bundle = await rewritten.bundle()
    alone = rewritten.check(bundle)
    assert alone.whole  # of itself it is: this is what roots are kept elsewhere for
    by_key = rewritten.check(bundle, trusted=[ground.public]).found
    assert {(fault.file, fault.field) for fault in by_key} == {("roots.jsonl", "signature")}
    (position,) = {
        fault.position
        for fault in rewritten.check(bundle, kept=kept).found
        if fault.field == "root"
    }
    assert position == kept[1].root.position


async def test_who_leaves_the_roots_out_is_given_away_by_the_key(ground, rewritten, tmp_path):
    """Everything made anew, and nothing that a key could be held against."""
    files = files_of(await rewritten.bundle())
    bare = packed(tmp_path / "bare.zip", {**files, ROOTS: b"", KEYS: b'{"keys":[]}\n'})
    assert ground.check(bare).whole
    (fault,) = ground.check(bare, trusted=[ground.public]).found
    assert (fault.file, "trusted" in fault.what) == (ROOTS, True)


async def test_proven_is_only_what_is_under_a_root_or_a_key_that_was_brought(ground):
    first, second = await ground.roots()
    bundle, mine = await ground.bundle(), Witness(first, "mine.json")
    alone = ground.check(bundle)
    assert (alone.whole, alone.proven, alone.covered) == (True, 0, second.position)
    assert ground.check(bundle, kept=[mine]).proven == first.position
    assert ground.check(bundle, trusted=[ground.public]).proven == second.position
    other = ground.check(bundle, trusted=[Seal(new_key()).public], kept=[mine])
    assert (other.whole, other.proven) == (False, 0)


async def test_a_signature_moved_to_another_root_is_found(ground, rewritten):
    """He keeps the true signatures, which he cannot make."""
    true = {root.position: root for root in await ground.roots()}
    await with_roots_of_his_own(rewritten, "")
    for position, root in true.items():
        ground.sql(
            "UPDATE log.roots SET key_id = %s, signature = decode(%s, 'base64')"
            " WHERE position = %s",
            *(root.key, root.signature, position),
        )
    found = rewritten.check(await rewritten.bundle()).found
    assert {fault.what for fault in found} == {"not what was signed"}


async def test_a_root_of_what_is_not_in_the_bundle_is_found(ground):
    """A shorter history than the one that a root was kept of."""
    first, second = await ground.roots()
    short = await ground.bundle(upto=first.position + 1)
    assert ground.check(short, kept=[Witness(first, "first.json")]).whole
    (fault,) = ground.check(short, kept=[Witness(second, "second.json")]).found
    assert (fault.file, fault.position, fault.field) == ("second.json", second.position, "size")


async def test_another_tenant_s_root_is_found(ground):
    (root,) = await ground.roots("zenith")
    assert isinstance(root, Root)
    found = ground.check(await ground.bundle(), kept=[Witness(root, "other.json")]).found
    assert ("other.json", "tenant") in {(fault.file, fault.field) for fault in found}
