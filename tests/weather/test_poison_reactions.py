"""A reaction that failed is listed beside the events that could not be folded, and tried again."""

import asyncio
from contextlib import asynccontextmanager

from psycopg import AsyncConnection

from adapters.policies import settling
from adapters.policies.outcomes import PARKED, Outcome, keep, parked_by, positions
from adapters.policies.retrying import Retrying
from adapters.policies.runner import PolicyRunner
from adapters.postgres.pools import borrow
from application.policies.kernel import Timer
from domain import inventory
from domain.kernel import fold
from projections import PROJECTIONS
from tests.carts.test_http import cart
from tests.policies.market import until
from tests.support.commands import souk
from tests.support.poison import Poison


@asynccontextmanager
async def policies(api):
    stop = asyncio.Event()
    runner = PolicyRunner(api.souk.settings.postgres_url, api.souk.log, tick=0.1)
    running = asyncio.create_task(runner.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def bought(api, payments):
    """A checkout of two mugs: its receipt, and the mug's id."""
    await api.market("sara")
    mug = await api.product("sara", "mug", stock=5)
    bob = api.of("buyer", "bob")
    id = await cart(bob, (mug, 2))
    done = await bob.post(f"/carts/{id}/check-out", {"payments": payments})
    assert done.status_code == 201, done.text
    return done.json(), mug


async def taken(api, mug):
    """Of five; as the log has it: what this process remembers may be older."""
    past = await api.souk.log.read("bazaar", [f"bazaar/inventory/{mug}"])
    (state,) = (fold(inventory, (r.event for r in read)) for read in past.values())
    return 5 - state.on_hand


async def test_a_reaction_to_what_cannot_be_read_waits_for_the_cure(api, database, monkeypatch):
    monkeypatch.setattr(settling, "FIRST_PAUSE", 0.001)
    receipt, mug = await bought(api, [{"method": "card"}])
    path = f"/payments/{receipt['id']}"
    ledger = (await api.of("buyer", "bob").get(path, after=receipt["position"])).json()
    paid = f"{path}/{ledger['payments'][0]['id']}/capture"
    done = await api.of("admin", "root").post(paid, {})
    for name in PROJECTIONS:  # they have folded it: only the policies are to meet the poison
        await api.souk.positions.wait(name, done.json()["position"])
    poison = Poison(database, "payments.checkout_paid")
    async with policies(api):
        heard = api.souk.project
        await until(lambda: _heard(heard, poison.position))
    # The capture before it is heard as well, and asks what the poison made of the ledger.
    lines = (await souk(api, "deadletters", "list", "--tenant", "bazaar")).stdout.splitlines()
    of = f"policy stock: bazaar/payments/{receipt['id']} at"
    for line, position in zip(lines, (poison.position - 1, poison.position), strict=True):
        assert line.startswith(f"{of} {position}"), line
    ready = (await api.http.get("/health/ready")).json()
    assert (ready["parked"], ready["policies"]["stock"]["events"]) == (2, 0)
    assert await taken(api, mug) == 0

    poison.cure()
    assert "0 retried" in (await souk(api, "deadletters", "retry", "--tenant", "other")).stdout
    cured = await souk(api, "deadletters", "retry")
    assert cured.stdout == "2 retried, none still parked\n"
    ready = (await api.http.get("/health/ready")).json()
    assert ready["policies"]["stock"]["events"] > 0, "nobody has heard of what came of it"
    assert await taken(api, mug) == 2


async def _heard(pool, position):
    return (await positions(pool)).get("stock", 0) >= position


class Reaction:
    """A timer's, that fails until it is mended."""

    def __init__(self):
        self.fired, self.mended = [], False

    async def __call__(self, commands, call, due):
        if not self.mended:
            raise RuntimeError("not yet")
        self.fired.append(due.id)


async def test_a_timer_is_fired_again_while_a_row_holds_it(api, database, monkeypatch):
    monkeypatch.setattr(settling, "FIRST_PAUSE", 0.001)
    receipt, _ = await bought(api, [{"method": "card"}])
    order = receipt["orders"][0]["id"]
    await api.souk.positions.wait("inventory", receipt["position"])
    held = await run_out(database)
    reaction = Reaction()
    timers = {"expiry": Timer("expiry", reaction)}
    async with borrow(api.souk.project) as db:
        for position in (held, 1):  # nothing is held at 1 any more
            await keep(db, [Outcome("bazaar", "expiry", position, PARKED, "RuntimeError", "")])
        await Retrying(db, api.souk.log).timers(timers)
        assert await parked_by(db, "expiry") == [("bazaar", held)]
        reaction.mended = True
        await Retrying(db, api.souk.log).timers(timers)
        assert (await parked_by(db, "expiry"), reaction.fired) == ([], [order])


async def run_out(database):
    """The position of the one reservation, which has now run out."""
    async with await AsyncConnection.connect(database, autocommit=True) as superuser:
        cursor = await superuser.execute(
            "UPDATE read.inventory_holds SET expires_at = now() - interval '1 minute'"
            " RETURNING position"
        )
        return (await cursor.fetchone())[0]
