"""The example page in a real browser: a seller's orders arrive, whatever happens to the gateway."""

import pytest

from tests.examples.browser import tab
from tests.examples.gateway import kill_gateway
from tests.examples.test_feed import Person

LIVE = "document.getElementById('status').dataset.is === 'live'"
ROWS = "[...document.querySelectorAll('tbody tr')].map(row => [...row.cells].map(c => c.innerText))"


@pytest.fixture
def page(site, browser):
    with tab(browser) as found:
        found.open(site + "/")
        yield found


@pytest.fixture
def watching(page, up):
    """Signed in, as with a keyboard."""
    page.run("document.getElementById('token').focus()")
    page.type(up.token("seller", "bazaar"))
    page.press("Enter")
    page.until(LIVE)
    return page


class Shop:
    def __init__(self, up):
        self._buyer, self._seller = [Person(up, role, role) for role in ("buyer", "seller")]

    def order(self):
        """Placed over HTTP; its id and number."""
        ask = self._buyer.ask
        bowl = ask("GET", "/catalog/products/search", q="pottery bowl")["items"][0]
        cart = ask("POST", "/carts")["id"]
        ask("POST", f"/carts/{cart}/items", {"product": bowl["id"], "quantity": 1})
        customer = {"customer": {"name": "Amina", "address": "1 rue Didouche"}}
        placed = ask("POST", f"/carts/{cart}/check-out", customer)
        (order,) = placed["orders"]
        shown = ask("GET", f"/orders/{order['id']}", after=placed["position"])
        return order["id"], str(shown["number"])

    def confirm(self, order):
        self._seller.ask("POST", f"/orders/{order}/confirm")


@pytest.fixture
def shop(up):
    return Shop(up)


def row(page, number, status):
    """The one row of an order, once it says so."""
    found = page.until(f"{ROWS}.find(r => r[0] === '{number}' && r[1] === '{status}')")
    rows = page.run(ROWS)
    assert [each[0] for each in rows].count(number) == 1
    return found


def test_an_order_appears_with_its_number_and_status(watching, shop):
    before = watching.run(ROWS)
    order, number = shop.order()
    found = row(watching, number, "pending")
    assert found[3].startswith("1 \u00d7 ")
    assert found[4].endswith(" DZD")
    assert watching.run(ROWS)[0] == found
    shop.confirm(order)
    row(watching, number, "confirmed")
    assert len(watching.run(ROWS)) == len(before) + 1
    assert watching.complaints == []


def test_after_the_gateway_was_killed_the_next_orders_appear_too(watching, shop, up):
    _, before = shop.order()
    row(watching, before, "pending")
    kill_gateway(up, watching)
    _, meanwhile = shop.order()
    watching.until(LIVE)
    _, after = shop.order()
    for number in (before, meanwhile, after):
        row(watching, number, "pending")
    assert [each[0] for each in watching.run(ROWS)][:3] == [after, meanwhile, before]


def test_a_screen_reader_is_told(watching, shop):
    _, number = shop.order()
    row(watching, number, "pending")
    told = watching.accessible()
    assert ("status", "") in told or ("status", "Live") in told
    assert ("columnheader", "Status") in told
    assert ("rowheader", number) in told
    assert ("StaticText", f"New order {number}: pending") in told


def test_who_has_no_valid_token_is_told_why(page):
    page.run("document.getElementById('token').focus()")
    page.type("nonsense")
    page.press("Enter")
    page.until("document.getElementById('problem').textContent.startsWith('Refused')")
    assert page.run("document.getElementById('orders').hidden")


def test_signed_out_nothing_is_left_of_what_was_shown(watching, shop):
    _, number = shop.order()
    row(watching, number, "pending")
    watching.run("document.getElementById('leave').click()")
    assert watching.run(ROWS) == []
    assert watching.run("document.getElementById('token').value") == ""
    assert watching.run("document.getElementById('status').textContent") == "Signed out"
