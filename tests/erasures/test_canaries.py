"""Erased is erased everywhere, and nothing else has changed."""

import msgspec
import pytest

from adapters.log.keyring import Keyring
from adapters.projector.rebuild import rebuild
from adapters.projector.verify import counters, verify
from projections import PROJECTIONS
from tests.erasures.town import Town, raw, without
from tests.support.http import running_api
from tests.support.patience import PATIENCE
from tests.verify.shop import Quiet

# Neither snapshots nor answers have had anything of anyone's.
PURGED = {
    "rows": True,
    "changes": True,
    "answers": False,
    "snapshots": False,
    "folds": True,
    "valkey": True,
    "messages": True,
}


@pytest.fixture
async def town(stack, database, tmp_path):
    async with running_api(stack, database, receipts=str(tmp_path)) as api:
        town = Town(api)
        await town.open()
        for user in ("ana", "bob"):
            await town.join(user)
            await town.buy(user)
            await town.buy(user, cancelled=True)
            await town.say_everything(user)
        await town.settled()
        yield town


async def differences(town):
    found, settings = [], town.api.souk.settings
    with pytest.MonkeyPatch.context() as patience:
        patience.setattr(counters, "SETTLING", PATIENCE)
        await verify(settings.postgres_url, settings.valkey_url, PROJECTIONS, Quiet(), found.append)
    return [str(each) for each in found]


async def test_afterwards_no_byte_of_them_is_anywhere_and_every_other_answer_is_as_before(town):
    root = town.api.of("admin", "root")
    last = (await root.get("/audit/events", changes="false")).json()["items"][0]["position"]
    then = await root.get("/orders", **{"as": "tenant"}, as_of=last)
    assert b"canary-ana-" in then.content
    before = await town.answers()
    boxes = town.boxes("ana")
    assert b"canary-ana-" in before["/api/v1/identity/members"][1]
    held = await town.everything()
    assert len([box for box in boxes if box.encode() in held]) > 5

    await town.api.souk.watched.see("bazaar", "a-reel", "ana")
    await town.relayed()  # what is told after them would name them again

    receipt = await town.erase("ana")
    await town.settled()

    assert {name: count > 0 for name, count in receipt["purged"].items()} == PURGED
    assert await town.messages("ana") == []
    assert len(await town.messages("bob")) > 0
    after = await town.answers()
    assert after.keys() == before.keys()
    for path, (status, body) in before.items():
        assert after[path][0] == status, path
        if b"canary-ana-" not in body:
            assert after[path][1] == body, path
            continue
        wanted = [without(msgspec.json.decode(line), "ana") for line in body.splitlines()]
        got = [msgspec.json.decode(line) for line in after[path][1].splitlines()]
        assert redacted(got) == redacted(wanted), path
    held = await town.everything()
    kept = [box for box in boxes if box.encode() in held or raw(box) in held]
    assert kept == []
    assert b"canary-" not in held
    assert await differences(town) == []
    past = await root.get("/orders", **{"as": "tenant"}, as_of=last)
    assert (past.status_code, b"canary-ana-" in past.content) == (200, False)
    held = await town.everything()
    assert [box for box in boxes if box.encode() in held or raw(box) in held] == []
    settings = town.api.souk.settings
    fresh = Keyring(town.api.souk.log.pool, settings.master_key)  # as of another process
    assert await fresh.living("bazaar", ["ana", "bob"]) == ["bob"]


def redacted(tree):
    """Without phone numbers, which have no canary in them."""
    if isinstance(tree, dict):
        return {n: None if n == "phone" else redacted(each) for n, each in tree.items()}
    return [redacted(each) for each in tree] if isinstance(tree, list) else tree


async def test_what_is_folded_again_afterwards_is_the_same(town):
    await town.erase("ana")
    for name in ("orders", "identity", "comments"):
        done = await rebuild(town.api.souk.settings.postgres_url, name, PROJECTIONS[name])
        assert [table.differing for table in done.tables] == [0] * len(done.tables)
    await town.buy("ana")  # who is erased may still buy; nothing new is kept of them
    await town.settled()
    assert b"canary-ana-" not in b"".join(body for _, body in (await town.answers()).values())
    assert await differences(town) == []


async def test_what_was_said_is_in_no_file_and_no_line_of_the_log(town, capfd):
    """Nor was it ever: nothing is written before it is sealed."""
    assert await town.files_with(b"bazaar/identity/ana") != []  # what is clear is found
    assert await town.files_with(b"canary-ana-") == []
    await town.erase("ana")
    await town.settled()
    assert await town.files_with(b"canary-ana-") == []
    assert "canary-" not in "".join(capfd.readouterr())
