"""The drill: a market goes on after its backup, somebody is erased, and it is restored to a moment
in between; on a Postgres that really runs, in directories of their own."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from adapters.backup import secrets
from adapters.backup.jumping import GAP
from adapters.backup.manifest import kept, read
from adapters.backup.restoring import Occupied, TooEarly, TooLate, Wanted, restore
from adapters.backup.taking import Source, forget, take
from adapters.embedded.home import Home
from adapters.embedded.stack import Stack
from adapters.embedded.urls import Urls
from adapters.embedded.wal import FOLDER, UNASKED, bound, segments
from adapters.erasing.receipts import Forged, Receipts
from adapters.live.change import Where
from adapters.live.past import Past, Question
from adapters.postgres.pools import READ, open_pool
from adapters.schema import establish
from adapters.tokens import Signer
from entrypoints.instance import settings_of
from entrypoints.reviving import revive
from projections import PROJECTIONS
from tests.erasures.test_canaries import differences
from tests.erasures.town import Town
from tests.support.http import running_api


@pytest.fixture(scope="module")
def others(stack):
    """All servers but Postgres."""
    return Urls(valkey=stack.valkey_url, nats=stack.nats_url, s3="")


@asynccontextmanager
async def instance(directory, stack, others):
    """An embedded Postgres and a Souk on it."""
    servers = Stack(directory, others, s3=False)
    async with servers as urls:
        settings = settings_of(servers.home, urls)
        await establish(settings.postgres_url, PROJECTIONS)
        own = {
            name: getattr(settings, name)
            for name in ("master_key", "signing_key_pem", "secret", "receipts")
        }
        async with running_api(stack, settings.postgres_url, **own) as api:
            yield Town(api), settings


@pytest.fixture(scope="module")
async def history(stack, others, tmp_path_factory):
    """What came before the backup, after it, and after the moment to go back to."""
    folder = tmp_path_factory.mktemp("drill")
    home, backups = folder / "old", folder / "backups"
    async with instance(home, stack, others) as (town, settings):
        await town.open()
        for user in ("ana", "bob"):
            await town.join(user)
        first = await town.buy("ana")
        source = Source(settings.postgres_url, None, home / FOLDER, settings.receipts)
        backup = await take(source, backups, keep=2)
        between = await town.buy("bob")
        await town.settled()
        answers, position = await town.answers(), town.at
        await asyncio.sleep(0.05)
        moment = datetime.now(UTC)
        await asyncio.sleep(0.05)
        last = await town.buy("bob")
        await town.erase("ana")
    return {
        "folder": folder,
        "tea": town.tea,
        "lost": town.at,
        "home": home,
        "backup": backup,
        "moment": moment,
        "orders": (first, between, last),
        "answers": answers,
        "position": position,
    }


def wanted(history, name, **changed):
    said = {
        "backup": history["backup"],
        "home": history["folder"] / name,
        "keys": history["home"],
        "wal": history["home"] / FOLDER,
        "to": history["moment"],
    }
    return Wanted(**said | changed)


async def test_a_restore_reaches_the_moment_and_who_was_erased_since_is_erased_again(
    history, stack, others
):
    reached = await restore(wanted(history, "new"))
    assert reached.position == history["position"]
    assert reached.at < history["moment"]
    revived = await revive(
        history["folder"] / "new", history["backup"], history["home"] / "erasures", others
    )
    assert (revived.erased, revived.differences) == (1, [])
    assert revived.position == reached.position + GAP

    async with instance(history["folder"] / "new", stack, others) as (town, settings):
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
    forget(backups, 2, wal)
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
