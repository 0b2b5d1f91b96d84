"""`souk verify` as an operator runs it."""

import asyncio

from click.testing import CliRunner
from msgspec.structs import replace

from entrypoints.cli import main
from entrypoints.settings import to_env


async def run(shop, *words):
    """In a thread: the command has a loop of its own."""
    runner = CliRunner(env=to_env(replace(shop.api.souk.settings, secret=b"x")))
    return await asyncio.to_thread(runner.invoke, main, list(words))


async def test_it_ends_with_0_when_all_is_well_and_says_how_much_it_compared(shop):
    done = await run(shop, "verify")
    assert done.exit_code == 0, done.output
    assert "no differences at position" in done.stdout
    assert "events:" in done.stderr


async def test_it_ends_with_1_and_a_line_for_each_difference(shop):
    shop.change("DELETE FROM read.orders_orders")
    done = await run(shop, "verify")
    assert done.exit_code == 1
    assert f"read.orders_orders bazaar {shop.order}: missing\n" in done.stdout
    assert "1 difference at position" in done.stdout
