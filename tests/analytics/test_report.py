"""The marketplace report where there are several currencies."""

import pytest

from projections.analytics.report import marketplace
from tests.carts.test_http import cart
from tests.support.patience import PATIENCE

SALES = (
    ("ada", "10.00", "DZD"),
    ("ada", "10.00", "DZD"),
    ("ada", "5.00", "EUR"),
    ("bob", "7.00", "EUR"),
)


@pytest.fixture
async def sold(api):
    """Ada's tea twice for 10.00 DZD each and once for 5.00 EUR, and Bob's once for 7.00 EUR."""
    await api.market("ada", "bob")
    position = 0
    for number, (seller, amount, currency) in enumerate(SALES):
        price = {"amount": amount, "currency": currency}
        body = {"name": f"Tea {number}", "slug": f"tea-{number}", "price": price}
        tea = (await api.of("seller", seller).post("/catalog/products", body)).json()["id"]
        await api.of("seller", seller).post(f"/inventory/{tea}/receive", {"quantity": 1})
        buyer = api.of("buyer", "mia")
        bought = await cart(buyer, (tea, 1))
        method = "card" if currency == "DZD" else "bank_transfer"
        paying = {"payments": [{"method": method}]}
        placed = await buyer.post(f"/carts/{bought}/check-out", paying)
        assert placed.status_code == 201, placed.text
        position = placed.json()["position"]

    async def report(currency=None):
        await api.souk.positions.wait("analytics", position, PATIENCE)
        return await marketplace(api.souk.reader("bazaar"), currency)

    return report


def told(report):
    sellers = [(top.seller, top.revenue_cents, top.checkouts) for top in report.top_sellers]
    paid = {
        method: (paid.rows, paid.value_cents) for method, paid in report.payments_by_type.items()
    }
    return report.currency, report.revenue_cents, report.payments_total_cents, sellers, paid


async def test_amounts_are_of_one_currency_and_numbers_of_all(sold):
    await sold()
    dinars, euros = await sold("DZD"), await sold("EUR")
    assert told(dinars) == ("DZD", 2000, 2000, [("ada", 2000, 2)], {"card": (2, 2000)})
    assert told(euros) == (
        *("EUR", 1200, 1200),
        [("bob", 700, 1), ("ada", 500, 1)],
        {"bank_transfer": (2, 1200)},
    )
    for report in (dinars, euros):
        assert (report.checkouts, report.items, report.distinct_sellers) == (4, 4, 2)
        assert report.checkouts_per_currency == {"DZD": 2, "EUR": 2}


async def test_it_is_the_currency_of_most_checkouts_unless_told(sold):
    assert (await sold()).currency == "DZD"  # as many, but first by its name
    assert (await sold("CHF")).revenue_cents == 0
