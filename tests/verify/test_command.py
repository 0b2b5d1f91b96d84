"""`souk verify` as an operator runs it."""

from tests.support.commands import souk


async def test_it_ends_with_0_when_all_is_well_and_says_how_much_it_compared(shop):
    done = await souk(shop.api, "verify")
    assert done.exit_code == 0, done.output
    assert "no differences at position" in done.stdout
    assert "events:" in done.stderr


async def test_it_ends_with_1_and_a_line_for_each_difference(shop):
    shop.change("DELETE FROM read.orders_orders")
    done = await souk(shop.api, "verify")
    assert done.exit_code == 1
    assert f"read.orders_orders bazaar {shop.order}: missing\n" in done.stdout
    assert "1 difference at position" in done.stdout
