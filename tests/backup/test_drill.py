"""The drill: a market goes on after its backup, somebody is erased, and it is restored to a moment
in between; on a Postgres that really runs, in directories of their own."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from adapters.backup import secrets
from adapters.backup.jumping import GAP
from adapters.backup.manifest import kept, read
from adapters.backup.near import Near
from adapters.backup.restoring import Occupied, TooEarly, TooLate, Wanted, restore
from adapters.backup.taking import forget
from adapters.embedded.home import Home
from adapters.embedded.wal import FOLDER, UNASKED, bound, keep_from, segments
from adapters.erasing.receipts import Forged, Receipts
from adapters.live.change import Where
from adapters.live.past import Past, Question
from adapters.media.objects import Objects
from adapters.postgres.pools import READ, open_pool
from adapters.tokens.signing import Signer
from entrypoints.reviving import revive
from tests.backup.gallery import contents
from tests.erasures.test_canaries import differences


def wanted(history, name, **changed):
    said = {
        "backup": Near(history["backup"]),
        "home": history["folder"] / name,
        "keys": history["home"],
        "to": history["moment"],
    }
    return Wanted(**said | changed)


async def test_a_restore_reaches_the_moment_and_who_was_erased_since_is_erased_again(
    history, instance, others
):
    reached = await restore(wanted(history, "new"))
    assert reached.position == history["position"]
    assert reached.at < history["moment"]
    new, mine = history["folder"] / "new", others("drill-new")
    shelves = Near(history["backup"]).shelves
    revived = await revive(new, shelves, history["home"] / "erasures", mine)
    assert (revived.erased, revived.differences) == (1, [])
    assert revived.position == reached.position + GAP
    assert (revived.files.missing, revived.files.purged) == ([], [])
    assert await contents(Objects(mine.s3)) == pictures_of(history, history["named"])

    async with instance(new, mine) as (town, settings):
        town.at = revived.position + 1  # the erasure, done again
        town.tea = history["tea"]
        await town.settled()
        first, between, last = history["orders"]
        for order, status in ((first, 200), (between, 200), (last, 404)):
            assert (await town.root.get(f"/orders/{order}")).status_code == status
        after = await town.answers()
        assert b"canary-ana-" not in b"".join(body for _, body in after.values())
        for path, answer in history["answers"].items():
            assert b"canary-ana-" in answer[1] or after[path] == answer, path
        assert (await town.root.get("/erasures/ana")).json()["reason"] == "requested"
        moment = history["moment"].isoformat()
        for asked in ({"as_of": moment}, {"as_of": moment, "axis": "occurred"}):
            past = await town.root.get("/orders", **{"as": "tenant"}, **asked)
            assert {order["id"] for order in past.json()["items"]} == {first, between}
        since = await town.root.get("/audit/events", recorded_from=moment, context="erasures")
        assert [event["id"] for event in since.json()["items"]] == ["ana"]
        await town.buy("bob")  # it goes on, with its own write-ahead log
        await town.settled()
        assert await differences(town) == []
        assert await resumed(settings, history["position"]) is None  # that is, resync
        assert await resumed(settings, history["lost"]) is None
        assert len(await resumed(settings, revived.position)) > 0
        assert segments(history["folder"] / "new" / FOLDER)


def pictures_of(history, named):
    """What a bucket should hold: all that is named, but for what is hers who was erased."""
    hers = f"bazaar/{history['pictures']['hers']}"
    return {each.key: history["seen"][each.key] for each in named if each.asset != hers}


async def resumed(settings, after):
    """What a watcher of all orders gets who comes back with that position."""
    pool = await open_pool(settings.postgres_url, READ, size=1, name="test")
    try:
        question = Question(Where("orders", "orders", 0, ""), after, 2**60)
        (answer,) = await Past(pool, 1000)("bazaar", [question])
        return answer
    finally:
        await pool.close()


async def test_what_cannot_be_restored_is_refused_and_nothing_is_written_over(history):
    (history["folder"] / "taken").mkdir()
    (history["folder"] / "taken" / "file").touch()
    with pytest.raises(Occupied):
        await restore(wanted(history, "taken"))
    early = read(history["backup"]).began - timedelta(seconds=1)
    with pytest.raises(TooEarly):
        await restore(wanted(history, "early", to=early))
    with pytest.raises(TooLate):
        await restore(wanted(history, "late", to=datetime.now(UTC) + timedelta(days=1)))
    assert [path.name for path in (history["folder"] / "taken").iterdir()] == ["file"]
    assert not any((history["folder"] / name).exists() for name in ("early", "late"))


async def test_the_keys_of_another_instance_are_told_and_leave_nothing_half_restored(
    history, tmp_path
):
    keys = secrets.load(history["home"])
    other = Home(tmp_path)
    secrets.install(other, keys | {"postgres": b"another"})
    backup = Near(history["backup"])
    with pytest.raises(secrets.NoKeys):
        await restore(wanted(history, "wrong", keys=other.path))
    backup.manifest = replace(backup.manifest, keys="")  # as older ones are
    with pytest.raises(secrets.NoKeys):
        await restore(wanted(history, "wrong", keys=other.path, backup=backup))
    assert not (history["folder"] / "wrong").exists()


@pytest.mark.parametrize(
    ("name", "key", "told"),
    [
        ("hmac", None, "is without hmac"),
        ("hmac", b"another", "the hmac of .* is not that of the instance"),
        ("roots_key.pem", None, "is without roots_key"),
        ("roots_key.pem", b"-----BEGIN PRIVATE KEY-----", "is no whole key"),
    ],
)
async def test_a_key_that_is_missing_or_spoilt_is_named_before_anything_is_laid_out(
    history, tmp_path, name, key, told
):
    keys = secrets.load(history["home"])
    spoilt = Home(tmp_path / "keys")
    spoilt.path.mkdir()
    secrets.install(spoilt, keys | {name: key or b""})
    if key is None:
        (spoilt.path / "secrets" / name).unlink()
    with pytest.raises(secrets.NoKeys, match=told):
        await restore(wanted(history, "unopened", keys=spoilt.path))
    assert not (history["folder"] / "unopened").exists()


async def test_no_key_is_in_a_backup_and_the_file_of_keys_holds_them_all(history, tmp_path):
    keys = secrets.load(history["home"])
    secrets.save(Home(history["home"]), tmp_path / "keys")
    assert secrets.load(tmp_path / "keys") == keys
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600
    texts = [path.read_bytes() for path in history["backup"].rglob("*") if path.is_file()]
    for name in ("master_key", "signing_key.pem", "hmac"):
        assert not any(keys[name].strip() in text for text in texts)


def test_a_receipt_that_was_altered_is_not_replayed(history):
    (path,) = (history["home"] / "erasures").glob("*/*.json")
    signer = Signer(secrets.load(history["home"])["signing_key.pem"].decode(), "souk", "souk-api")
    receipts = Receipts(signer, history["home"] / "erasures", None)
    assert receipts.checked(path.read_bytes()).subject == "ana"
    forged = json.loads(path.read_text())
    forged["receipt"]["subject"] = "bob"
    with pytest.raises(Forged):
        receipts.checked(json.dumps(forged).encode())


def test_old_backups_go_and_the_log_that_only_they_needed(tmp_path, history):
    backups, wal = tmp_path / "backups", tmp_path / "wal"
    wal.mkdir()
    for number in range(1, 7):
        (wal / f"{number // 4 + 1:08X}{number:016X}").touch()
    (wal / f"{2:08X}{7:016X}.partial").touch()
    (wal / "00000002.history").touch()
    manifest = read(history["backup"])
    for number, segment in enumerate((1, 3, 5)):
        (backups / str(number)).mkdir(parents=True)
        replace(manifest, segment=f"{1:08X}{segment:016X}").write(backups / str(number))
    (backups / ".new-left").mkdir()
    oldest = forget(backups, 2)
    keep_from(wal, oldest.segment)
    assert [path.name for path in kept(backups)] == ["1", "2"]
    assert sorted(path.name for path in backups.iterdir()) == ["1", "2"]
    assert [int(path.name[8:24], 16) for path in segments(wal)] == [3, 4, 5, 6, 7]
    assert (wal / "00000002.history").exists()
    bound(wal)
    assert len(segments(wal)) == 5


def test_without_any_backup_the_log_does_not_grow(tmp_path):
    for number in range(1, UNASKED + 10):
        (tmp_path / f"{1:08X}{number:016X}").touch()
    (tmp_path / f"{1:08X}{UNASKED + 10:016X}.partial").touch()
    bound(tmp_path)
    kept = segments(tmp_path)
    assert (len(kept), int(kept[0].name[8:24], 16)) == (UNASKED, 11)
