"""`souk verify` folds again what is kept of long streams, for commands and for auditors."""

import msgspec
import pytest

from adapters.log.snapshots import shape_of_domain
from adapters.projector.verify import states
from application import commands
from application.commands import Commands
from domain import AGGREGATES
from tests.policies.market import call
from tests.verify.shop import opened

KEEP = "INSERT INTO {} (tenant, stream, shape, version, position, state) VALUES"
TABLES = list(states.KEPT)


@pytest.fixture
async def shop(api, database, monkeypatch):
    """The market, in which every event left a snapshot."""
    monkeypatch.setattr(commands, "SNAPSHOT_EVERY", 1)
    shop = await opened(api, database)
    await api.souk.log._shelf.settle()
    return shop


def keep(shop, table, version, position, state, shape=None):
    stream = f"bazaar/catalog/{shop.product}"
    shop.change(f"DELETE FROM {table} WHERE stream = %s", stream)
    kept = ("bazaar", stream, shape or shape_of_domain(), version, position, state)
    shop.change(f"{KEEP.format(table)} (%s, %s, %s, %s, %s, %s)", *kept)


async def product(shop, version):
    """What the product was at that version, and the version's position."""
    past = (await Commands(shop.api.souk.log).past(call(), AGGREGATES["catalog"], [shop.product]))[
        shop.product
    ][:version]
    state = AGGREGATES["catalog"].EMPTY
    for recorded in past:
        state = AGGREGATES["catalog"].evolve(state, recorded.event)
    return state, past[-1].position


async def test_what_every_command_left_is_what_its_stream_comes_to(shop, monkeypatch):
    monkeypatch.setattr(states, "BATCH", 2)
    differences, done = await shop.look()
    assert differences == []
    assert done.states > 8


@pytest.mark.parametrize("table", TABLES)
async def test_one_of_the_middle_of_its_stream_is_compared_with_that(shop, table):
    early, position = await product(shop, 1)
    late, _ = await product(shop, 2)
    keep(shop, table, 1, position, msgspec.json.encode(early))
    assert (await shop.look())[0] == []
    keep(shop, table, 1, position, msgspec.json.encode(late))
    place = f"catalog/{shop.product} at version 1"
    assert (await shop.look())[0] == [(table, place, "changed", ("price",))]


@pytest.mark.parametrize("table", TABLES)
async def test_one_that_cannot_be_is_told(shop, table):
    state, position = await product(shop, 2)
    body = msgspec.json.encode(state)
    for version, at, kept, told in (
        (2, position, b"{", "is no state"),
        (2, position + 1, body, "is not of that position"),
        (99, position, body, "is of more than its stream has"),
    ):
        keep(shop, table, version, at, kept)
        place = f"catalog/{shop.product} at version {version}"
        assert (await shop.look())[0] == [(table, place, told, ())]


@pytest.mark.parametrize("table", TABLES)
async def test_what_other_code_left_is_nobodys_business(shop, table):
    _, position = await product(shop, 2)
    keep(shop, table, 2, position, b"{}", shape="of other code")
    assert (await shop.look())[0] == []


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "sql", ["SET tag = 'no.such_event'", "SET schema_version = 0", "SET data = '{'"]
)
async def test_one_whose_stream_cannot_be_folded_is_told_and_the_rest_compared(shop, table, sql):
    state, position = await product(shop, 2)
    keep(shop, table, 2, position, msgspec.json.encode(state))
    stream = f"bazaar/catalog/{shop.product}"
    shop.change(f"UPDATE log.events {sql} WHERE stream = %s AND version = 2", stream)
    found = {id: what for table_, id, what, _ in (await shop.look())[0] if table_ == table}
    assert found[f"catalog/{shop.product}"].startswith("cannot be folded: ")
