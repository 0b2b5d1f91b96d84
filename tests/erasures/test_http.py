"""Erasures over HTTP and by command: looked at first, for administrators alone, with a receipt."""

import asyncio
import json
import os

import psycopg
import pytest

from adapters.erasing import eraser
from entrypoints.wiring import connect
from tests.erasures.test_canaries import differences
from tests.erasures.town import Town
from tests.policies.market import call
from tests.support.commands import souk
from tests.support.http import running_api
from tests.support.patience import PATIENCE


@pytest.fixture
async def town(stack, database, tmp_path):
    async with running_api(stack, database, receipts=str(tmp_path)) as api:
        town = Town(api)
        town.receipts = tmp_path
        await town.open()
        await town.join("ana")
        town.order = await town.buy("ana")
        await town.settled()
        yield town


async def test_it_is_looked_at_first_and_nobody_is_erased_by_a_slip(town):
    held = (await town.root.get("/erasures/ana/held")).json()
    assert held["streams"] == {f"bazaar/orders/{town.order}": 1, "bazaar/identity/ana": 1}
    assert held["rows"] == {"identity_members": 1, "orders_orders": 1}
    assert held["erased"] is False
    other = (await town.root.get("/erasures/bob/held")).json()
    slip = await town.root.post("/erasures", {"subject": "ana", "confirm": other["confirm"]})
    assert (slip.status_code, slip.json()["code"]) == (422, "erasures.unconfirmed")
    assert (await town.root.get("/erasures/ana")).json()["code"] == "erasures.not_erased"

    first = await town.erase("ana")
    await town.settled()
    assert (await town.root.get("/erasures/ana")).json()["reason"] == "requested"
    listed = (await town.root.get("/erasures")).json()["items"]
    assert [each["id"] for each in listed] == ["ana"]
    assert await town.erase("ana") == first
    assert (await town.root.get("/erasures/ana/held")).json()["erased"] is True


async def test_sent_again_it_is_answered_with_its_receipt_which_stays_as_it_was(town):
    held = (await town.root.get("/erasures/ana/held")).json()
    body = {"subject": "ana", "confirm": held["confirm"]}
    sending = [town.root.post("/erasures", body, key="one") for _ in range(2)]  # at once, too
    first, again = await asyncio.gather(*sending)
    assert (first.status_code, first.content) == (201, again.content)
    assert first.json()["purged"]["rows"] > 0
    town.at = first.json()["position"]
    await town.settled()
    await town.relayed()  # with their id
    (kept,) = town.receipts.glob("bazaar/*.json")
    before = kept.read_bytes()
    for key in ("one", "two"):
        assert (await town.root.post("/erasures", body, key=key)).content == first.content
    by_command = await souk(
        town.api, *("erase", "--tenant", "bazaar", "--subject", "ana", "--reason", "left", "--yes")
    )
    assert json.loads(by_command.stdout) == json.loads(before)
    assert kept.read_bytes() == before


async def test_who_waits_for_another_erasure_of_them_that_does_not_end_is_told_so(
    town, monkeypatch
):
    monkeypatch.setattr(eraser, "TURN", 100)
    held = (await town.root.get("/erasures/ana/held")).json()
    body = {"subject": "ana", "confirm": held["confirm"]}
    with psycopg.connect(town.api.souk.settings.postgres_url) as db:
        lock = "SELECT pg_advisory_lock(hashtextextended('souk-erase/bazaar/ana', 0))"
        db.execute(lock)
        async with asyncio.timeout(PATIENCE):
            waited = await town.root.post("/erasures", body, key="one")
    assert waited.status_code == 503
    assert (await town.root.post("/erasures", body, key="one")).status_code == 201


async def test_what_is_purged_of_them_later_is_added_to_their_receipt(town):
    """A row of theirs has come back, as from somebody who had not heard."""
    database = town.api.souk.settings.postgres_url
    with psycopg.connect(database) as db:
        row = db.execute("SELECT personal FROM read.orders_orders").fetchone()
    first = await town.erase("ana")
    with psycopg.connect(database) as db:
        db.execute("UPDATE read.orders_orders SET personal = %s", row)
    again = await town.erase("ana")
    assert (again["at"], again["reason"]) == (first["at"], first["reason"])
    assert again["purged"]["rows"] == first["purged"]["rows"] + 1
    assert again["purged"]["answers"] == first["purged"]["answers"]
    kept, forged = await town.api.souk.eraser.receipts.all()
    assert ([each.purged for each in kept], forged) == ([again["purged"]], [])


async def test_when_the_route_answers_no_other_process_opens_their_data(town):
    """Two whole instances on one log: the other has just read, and so keeps the key."""
    async with connect(town.api.souk.settings) as other:
        stream = f"bazaar/orders/{town.order}"

        async def name():
            placed, *_ = (await other.log.read("bazaar", [stream]))[stream]
            return placed.event.customer.name.text

        async with asyncio.timeout(PATIENCE):
            while True:
                assert (await name()).startswith("canary-ana-")
                if other.keyring.turn is not None:
                    break
        assert (await name()).startswith("canary-ana-")
        await town.erase("ana")
        assert await name() == ""


async def test_what_happens_to_their_order_afterwards_brings_nothing_of_them_back(town):
    """Projectors had its row in memory, with their sealed words."""
    boxes = town.boxes("ana")
    await town.erase("ana")
    await town.done(town.api.of("seller", "sara").post(f"/orders/{town.order}/confirm"))
    await town.settled()
    assert (await town.root.get(f"/orders/{town.order}")).json()["status"] == "confirmed"
    held = await town.everything()
    assert len(boxes) > 2
    assert [box for box in boxes if box.encode() in held] == []


async def test_who_is_said_to_be_erased_and_is_not_is_found_until_it_is_done(town):
    """Killed between the word and the deed."""
    await town.api.souk.erasures.erase(call(), "ana", "requested")
    (found,) = await differences(town)
    assert "keys.subjects" in found
    assert "ana" in found
    await town.erase("ana")
    await town.settled()
    assert await differences(town) == []


async def test_only_an_administrator_erases(town):
    for role in ("buyer", "seller", "auditor"):
        client = town.api.of(role, "sara")
        body = {"subject": "ana", "confirm": "0" * 16}
        assert (await client.post("/erasures", body)).status_code == 403
        assert (await client.get("/erasures/ana/held")).status_code == 403
        assert (await client.get("/erasures")).status_code == 403


async def test_by_command_it_is_told_first_and_done_with_yes_and_the_receipt_is_kept(town):
    about = ("--tenant", "bazaar", "--subject", "ana")
    told = await souk(town.api, "erase", *about)
    assert (told.exit_code, "Nothing is erased yet" in told.output) == (0, True)
    copied = json.loads((await souk(town.api, "subject", *about)).stdout)
    placed = next(e for e in copied["events"] if e["tag"] == "orders.order_placed")
    assert placed["data"]["customer"]["name"].startswith("canary-ana-")
    assert copied["erased"] is False
    assert {each["origin"]["channel"] for each in copied["events"] if each["origin"]} == {"http"}
    assert any(each["origin"]["ip"] for each in copied["events"] if each["origin"])
    recorded = [e.event.what for e in await town.readings()]
    assert recorded == ["souk subject"]

    done = await souk(town.api, "erase", *about, "--reason", "left", "--yes")
    assert done.exit_code == 0, done.output
    (kept,) = town.receipts.glob("bazaar/*.json")
    assert json.loads(kept.read_text()) == json.loads(done.stdout)
    assert "canary" not in kept.read_text()
    copied = json.loads((await souk(town.api, "subject", *about)).stdout)
    assert copied["erased"] is True
    assert "canary" not in json.dumps(copied)
    again = await souk(town.api, "erase", "--replay")
    assert again.stdout == "bazaar ana: erased again\n"


async def test_by_command_a_tenant_without_a_history_is_refused_and_gets_none(town):
    about = ("--tenant", "bazzar", "--subject", "ana")
    for command in (("erase", *about), ("erase", *about, "--yes"), ("subject", *about)):
        done = await souk(town.api, *command)
        assert (done.exit_code, "Nothing ever happened in a tenant bazzar" in done.output) == (2, 1)
    assert list(town.receipts.rglob("*.json")) == []
    done = await souk(town.api, "erase", "--yes", *about[:1], "bazaar", "--replay")
    assert (done.exit_code, "say it alone" in done.output) == (2, True)


async def test_a_receipt_that_is_not_ours_is_named_and_keeps_no_other_from_being_replayed(town):
    await town.erase("ana")
    (good,) = town.receipts.glob("bazaar/*.json")
    bad = good.with_name("0.json")  # the first of all
    bad.write_text(good.read_text().replace('"ana"', '"bob"'))
    key = os.urandom(60)
    with psycopg.connect(town.api.souk.settings.postgres_url) as db:  # as after a restore
        db.execute(
            "UPDATE keys.subjects SET destroyed_at = NULL, sealed_key = %s WHERE subject = 'ana'",
            [key],
        )
    again = await souk(town.api, "erase", "--replay")
    assert (again.exit_code, str(bad) in again.output) == (2, True)
    with psycopg.connect(town.api.souk.settings.postgres_url) as db:
        sql = "SELECT sealed_key FROM keys.subjects WHERE subject = 'ana'"
        assert db.execute(sql).fetchall() == [(None,)]


async def test_who_is_erased_is_so_although_the_log_has_no_word_of_them(town):
    await town.erase("nobody")
    assert (await town.root.get("/erasures/nobody/held")).json()["erased"] is True
