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


async def test_it_names_everyone_whose_key_does_not_open(shop):
    spoilt = "UPDATE keys.subjects SET sealed_key = %s WHERE subject = 'bob'"
    assert shop.change(spoilt, bytes(60)) == 1
    done = await souk(shop.api, "verify")
    assert done.exit_code == 1
    assert "keys.subjects bazaar bob: does not open with this master key\n" in done.stdout
    assert "1 difference at position" in done.stdout
