"""The example page in a real browser: a seller's orders arrive, whatever happens to the gateway."""

import pytest

from entrypoints.cli.token import sign
from entrypoints.instance import find
from tests.examples.browser import left, tab
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
    signed_in(page, up.token("seller", "bazaar"))
    page.until(LIVE)
    return page


def signed_in(page, token):
    page.run("document.getElementById('token').focus()")
    page.type(token)
    page.press("Enter")


class Shop:
    def __init__(self, up):
        self._buyer, self._seller = [Person(up, role, role) for role in ("buyer", "seller")]

    def order(self, *products):
        """Placed over HTTP, of a bowl or of one, two… of the products; its id and number."""
        ask = self._buyer.ask
        bowl = ask("GET", "/catalog/products/search", q="pottery bowl")["items"][0]
        cart = ask("POST", "/carts")["id"]
        for quantity, product in enumerate(products or [bowl["id"]], start=1):
            ask("POST", f"/carts/{cart}/items", {"product": product, "quantity": quantity})
        customer = {"customer": {"name": "Amina", "address": "1 rue Didouche"}}
        placed = ask("POST", f"/carts/{cart}/check-out", customer)
        (order,) = placed["orders"]
        shown = ask("GET", f"/orders/{order['id']}", after=placed["position"])
        return order["id"], str(shown["number"])

    def product(self, name, slug):
        """Of which there is some in stock; its id."""
        ask, price = self._seller.ask, {"amount": "10.00", "currency": "DZD"}
        made = ask("POST", "/catalog/products", {"name": name, "slug": slug, "price": price})["id"]
        came = ask("POST", f"/inventory/{made}/receive", {"quantity": 9})
        ask("GET", f"/catalog/products/{made}", after=came["position"])
        return made

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


def test_goods_that_are_written_from_right_to_left_keep_their_quantities(watching, shop):
    names = "\u05d0\u05d1\u05d2", "\u05d3\u05d4\u05d5"
    products = [shop.product(name, f"hebrew-{n}") for n, name in enumerate(names)]
    row(watching, shop.order(*products)[1], "pending")
    goods = "document.querySelector('td.goods')"
    shown = watching.run(f"{goods}.innerText")
    wanted = ["1", names[0], "2", names[1]]
    if shown.index(names[0]) > shown.index(names[1]):
        wanted = wanted[2:] + wanted[:2]
    places = [left(watching, goods, part) for part in wanted]
    assert places == sorted(places)


def test_a_name_as_long_as_they_may_be_leaves_the_totals_in_sight(watching, shop):
    widest = "12/30/2026, 12:30:30 PM"  # as times and dates may be
    watching.run(f"Date.prototype.toLocaleString = () => '{widest}'")
    name = "A bowl " + "x" * 193
    row(watching, shop.order(shop.product(name, "long"))[1], "pending")
    assert name in watching.run("document.querySelector('td.goods').title")
    wide = "document.getElementById('orders')"
    assert watching.run(f"{wide}.scrollWidth <= {wide}.clientWidth")


def test_the_newest_orders_are_not_taken_for_all_there_are(page, up):
    """As if there were more than a snapshot has."""
    page.run("""
      const parse = JSON.parse;
      const some = text => ({...parse(text), complete: false});
      JSON.parse = text => text.includes('"snapshot"') ? some(text) : parse(text);
    """)
    signed_in(page, up.token("seller", "bazaar"))
    page.until(LIVE)
    count = page.run("document.querySelectorAll('tbody tr').length")
    told = page.run("document.getElementById('count').innerText")
    assert told.startswith(f"The newest {count} order")


def test_who_is_removed_is_told_so(page, up):
    root = Person(up, "admin", "root")
    added = root.ask("POST", "/identity/members", {"user": "zubaydah", "role": "buyer"})
    root.ask("GET", "/identity/members", after=added["position"])
    signed_in(page, sign(find(up.directory, {}), "buyer", "bazaar", "zubaydah"))
    page.until("document.getElementById('enter').hidden")
    root.ask("POST", "/identity/members/zubaydah/remove", {"reason": "left"})
    page.until("document.getElementById('problem').innerText.includes('not a member any more')")


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
