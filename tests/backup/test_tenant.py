"""One tenant alone, as it was at a position, as another tenant on the same log."""

import asyncio
from contextlib import suppress

import msgspec
import psycopg
import pytest

from adapters.backup.tenant import Malformed, Source, TenantRestore
from adapters.log.log import PostgresLog
from adapters.policies.outcomes import positions
from adapters.policies.runner import PolicyRunner
from adapters.postgres.owner import owner
from application.ports import Unavailable
from projections import PROJECTIONS
from tests.erasures.test_canaries import differences
from tests.erasures.town import Town
from tests.support.commands import souk
from tests.support.http import running_api
from tests.support.patience import PATIENCE

OLD, NEW = "bazaar", "bazaar-may"
LISTED = "SELECT {columns} FROM {table} WHERE tenant = %s ORDER BY {columns}"


@pytest.fixture
async def town(stack, database, tmp_path):
    """Somebody was erased; ``at`` is the position to go back to, and more came after it."""
    async with running_api(stack, database, receipts=str(tmp_path)) as api:
        town = Town(api)
        await town.open()
        for user in ("ana", "bob"):
            await town.join(user)
            await town.buy(user)
            await town.buy(user, cancelled=True)
        await town.erase("ana")
        await town.settled()
        town.until = head(town)
        town.before = await rows(town, OLD)
        town.claims = listed(town, "log.claims", "kind, value, owner", OLD)
        town.numbers = listed(town, "log.numbers", "sequence, last", OLD)
        seller = api.of("seller", "sara")
        await town.done(
            seller.post(f"/catalog/products/{town.tea}/price", {"price": price("9.00")})
        )
        await town.buy("bob")
        await api.product("sara", "mug")
        yield town


def price(amount):
    return {"amount": amount, "currency": "DZD"}


def query(town, sql, *params):
    with psycopg.connect(town.api.souk.settings.postgres_url) as db:
        return db.execute(sql, params).fetchall()


def listed(town, table, columns, tenant):
    return query(town, LISTED.format(table=table, columns=columns), tenant)


def head(town):
    return query(town, "SELECT position FROM log.head")[0][0]


async def rows(town, tenant):
    """Every row of the tenant by table and id, its personal part opened, its name the old one."""
    found = {}
    for projection in PROJECTIONS.values():
        for table in projection.TABLES:
            sql = f"SELECT id, body, personal FROM read.{table.name} WHERE tenant = %s"
            for id, body, personal in query(town, sql, tenant):
                said = personal and await town.api.souk.keyring.open_personal(tenant, personal)
                document = msgspec.json.decode(body.replace(tenant.encode(), OLD.encode()))
                place = table.name, OLD if id == tenant else id
                found[place] = document, said and msgspec.json.decode(said)
    return found


async def restored(town, *more):
    words = ("restore-tenant", "--tenant", OLD, "--as", NEW, "--to", str(town.until), *more)
    return await souk(town.api, *words)


async def settled(town):
    town.at = head(town)
    await town.settled()


async def test_its_rows_are_those_of_that_position_and_it_goes_on_from_there(town):
    done = await restored(town)
    assert done.exit_code == 0, done.output
    await settled(town)
    assert unplaced(await rows(town, NEW)) == unplaced(town.before)
    assert listed(town, "log.claims", "kind, value, owner", NEW) == town.claims
    assert listed(town, "log.numbers", "sequence, last", NEW) == town.numbers
    assert await differences(town) == []

    buyer, seller = (
        town.api.of(role, who, NEW) for role, who in (("buyer", "bob"), ("seller", "sara"))
    )
    taken = await seller.post(
        "/catalog/products", {"name": "Tea", "slug": "tea", "price": price("1.00")}
    )
    assert taken.status_code == 409
    assert (
        await seller.post(f"/catalog/products/{town.tea}/price", {"price": price("4.00")})
    ).status_code == 200
    cart = (await buyer.post("/carts")).json()["id"]
    await buyer.post(f"/carts/{cart}/items", {"product": town.tea, "quantity": 1})
    placed = await buyer.post(f"/carts/{cart}/check-out", {"payments": [{"method": "cod"}]})
    assert placed.status_code == 201, placed.text
    assert placed.json()["orders"][0]["number"] == dict(town.numbers)["orders"] + 1
    assert (await rows(town, OLD))["catalog_products", town.tea][0]["price"] == price("9.00")


def unplaced(found):
    """Without positions, which are of the log and not of the tenant; and whose root made it."""
    return {place: (strip(body), said) for place, (body, said) in found.items()}


def strip(tree):
    if isinstance(tree, dict):
        return {n: strip(each) for n, each in tree.items() if n != "position"}
    return [strip(each) for each in tree] if isinstance(tree, list) else tree


async def test_its_events_are_the_same_but_for_who_restored_them_and_nothing_reacts(town):
    policies, stop = (
        PolicyRunner(town.api.souk.settings.postgres_url, town.api.souk.log),
        asyncio.Event(),
    )
    running = asyncio.create_task(policies.run(stop))
    try:
        assert (await restored(town)).exit_code == 0
        events = listed(town, "log.events", "stream, version, tag, occurred_at, actor", NEW)
        async with asyncio.timeout(PATIENCE):
            while True:
                heard = await positions(town.api.souk.project)
                if min(heard.values(), default=0) >= head(town):
                    break
                await asyncio.sleep(0.02)
    finally:
        stop.set()
        await running
    of_old = "stream, version, tag, occurred_at, position"
    old = [row[:4] for row in listed(town, "log.events", of_old, OLD) if row[4] <= town.until]
    assert {actor for *_, actor in events} == {f"restore:{OLD}"}
    renamed = [(row[0].replace(NEW, OLD), *row[1:4]) for row in events]
    assert sorted(renamed) == sorted(old)
    assert len(listed(town, "log.events", "stream, version", NEW)) == len(old)
    chain = "SELECT count(*), count(DISTINCT correlation) FROM log.events WHERE tenant = %s"
    assert query(town, chain, NEW) == [(len(old), 1)]
    missing = (
        "SELECT count(*) FROM log.events e WHERE tenant = %s AND causation IS NOT NULL AND NOT"
        " EXISTS (SELECT FROM log.events c WHERE c.tenant = e.tenant AND c.event_id = e.causation)"
    )
    assert query(town, missing, NEW) == [(0,)]


async def test_who_is_erased_stays_erased_and_the_words_of_others_are_sealed_anew(town):
    assert (await restored(town)).exit_code == 0
    assert await town.api.souk.keyring.living(NEW, ["ana", "bob"]) == ["bob"]
    admin = town.api.of("admin", "root", NEW)
    await settled(town)
    members = (await admin.get("/identity/members")).json()["items"]
    names = {member["id"]: member["personal"] for member in members}
    assert names["ana"] == {"name": None}
    assert names["bob"]["name"].startswith("canary-bob-")
    orders = (await admin.get("/orders/all", **{"as": "tenant"})).text
    assert "canary-bob-" in orders
    assert "canary-ana-" not in orders
    phone = next(said["phone"] for _, said in town.before.values() if said and said.get("phone"))
    found = await admin.get("/orders", phone=phone, **{"as": "tenant"})
    assert found.json()["pagination"]["total"] == 1


async def test_one_that_was_ended_goes_on_and_one_that_is_done_is_not_begun_again(town):
    settings, log = town.api.souk.settings, town.api.souk.log
    left, submit = [7], log.submit

    async def failing(request):
        left[0] -= 1
        if left[0] < 0:
            raise Unavailable("log")
        return await submit(request)

    async with owner(settings.postgres_url) as db, owner(settings.postgres_url) as read:
        log.submit = failing
        try:
            with suppress(Unavailable):
                await TenantRestore(Source(read, log, None), db, log, None).run(
                    OLD, NEW, town.until
                )
        finally:
            log.submit = submit
    begun = len(listed(town, "log.events", "stream, version", NEW))
    assert 7 <= begun < 20
    assert (await restored(town)).exit_code == 0
    await settled(town)
    assert unplaced(await rows(town, NEW)) == unplaced(town.before)
    again = await restored(town)
    assert (again.exit_code, "exists already" in again.output) == (2, True)


async def test_it_has_more_patience_with_a_slow_log_than_who_waits_for_an_answer(town, monkeypatch):
    monkeypatch.setitem(PostgresLog.__init__.__kwdefaults__, "patience", 0.0001)
    done = await restored(town)
    assert done.exit_code == 0, done.output


async def test_a_tenant_that_is_there_or_one_that_never_was_is_refused(town):
    taken = await souk(town.api, "restore-tenant", "--tenant", OLD, "--as", OLD)
    assert (taken.exit_code, "exists already" in taken.output) == (2, True)
    unknown = await souk(town.api, "restore-tenant", "--tenant", "nobody", "--as", NEW)
    assert (unknown.exit_code, "no tenant" in unknown.output) == (2, True)


@pytest.mark.parametrize("name", ["bazaar.may", "A B", "*", "", "b/c", "a\n", "x" * 65])
async def test_a_name_that_no_tenant_may_have_is_refused_and_gets_no_history(town, name):
    done = await souk(town.api, "restore-tenant", "--tenant", OLD, "--as", name)
    assert (done.exit_code, "Invalid value for '--as': must be letters" in done.output) == (2, True)
    settings, log = town.api.souk.settings, town.api.souk.log
    async with owner(settings.postgres_url) as db, owner(settings.postgres_url) as read:
        with pytest.raises(Malformed):
            await TenantRestore(Source(read, log, None), db, log, None).run(OLD, name, None)
    assert query(town, "SELECT DISTINCT tenant FROM log.events") == [(OLD,)]


@pytest.mark.parametrize("moment", ["99999999", "9" * 30, "9999-01-01T00:00:00Z"])
async def test_what_the_log_has_not_come_to_is_refused_and_nothing_is_begun(town, moment):
    done = await souk(town.api, "restore-tenant", "--tenant", OLD, "--as", NEW, "--to", moment)
    beyond = f"--to: the log is at {head(town)}, and no time to come is known"
    assert (done.exit_code, beyond in done.output) == (2, True)
    assert listed(town, "log.events", "stream, version", NEW) == []
