"""The console at what its addresses may say, and among what it does not show."""

import time

import pytest

from tests.examples.browser import tab
from tests.examples.console import DESK, LIVE, SEEN, sign_in
from tests.examples.test_feed import Person

MAIN = "document.querySelector('main').innerText"
ENTRIES = "document.querySelectorAll('[data-position]').length"
EARLIER = "[...document.querySelectorAll('button')].find(each => each.innerText === 'Earlier')"

TO_THE_END = f"!{EARLIER} || ({EARLIER}.click(), false)"
READINGS = "document.querySelector('.check input')"


@pytest.fixture
def page(browser, site, up):
    with tab(browser) as found:
        found.resize(*DESK)
        found.open(site + "/console")
        sign_in(found, up, user="nadia")
        found.until(LIVE)
        yield found


@pytest.fixture
def readings(up):
    """More than the log begins with."""
    karim = Person(up, "auditor", "karim")
    for _ in range(60):
        karim.ask("GET", "/audit/events/1")


def test_behind_more_readings_than_it_begins_with_the_log_goes_on_by_itself(readings, page):
    page.until(f"{EARLIER} !== undefined && {ENTRIES} > 0")
    before = page.run(ENTRIES)
    page.run(f"{EARLIER}.click()")
    page.until(f"{ENTRIES} > {before}")


def test_who_asks_for_the_rest_twice_at_once_is_shown_each_entry_once(readings, page):
    page.until(f"{EARLIER} !== undefined && {ENTRIES} > 0")
    page.until(f"!{EARLIER} || ({EARLIER}.click(), {EARLIER}.click(), false)")
    time.sleep(1)  # for an answer that comes after the last
    shown = page.run(SEEN)
    assert len(shown) == len(set(shown))


def test_who_has_seen_the_readings_finds_all_else_again(readings, page):
    page.until(f"{EARLIER} !== undefined && {ENTRIES} > 0")
    page.until(TO_THE_END)
    found = page.run(ENTRIES)
    page.run(f"{READINGS}.click()")
    page.until(f"{MAIN}.includes('audit.')")
    page.run(f"{READINGS}.click()")
    page.until(f"!{MAIN}.includes('audit.')")
    page.until(TO_THE_END)
    assert page.run(ENTRIES) == found


def test_what_one_auditor_did_is_shown_when_it_is_asked_for(page, up):
    lina = Person(up, "auditor", "lina")
    for _ in range(3):
        lina.ask("GET", "/audit/events/1")
    page.run("location.hash = '#/log?actor=lina'")
    page.until(f"{LIVE} && {ENTRIES} === 3")


def test_a_stream_that_has_grown_is_as_new_as_it_is(page, up):
    amina = Person(up, "buyer", "amina")
    product = amina.ask("GET", "/catalog/products/search", q="pottery bowl")["items"][0]["id"]
    cart = amina.ask("POST", "/carts")["id"]
    page.run(f"location.hash = '#/stream/carts/{cart}'")
    page.until(f"{MAIN}.includes('Version 1 of 1')")
    amina.ask("POST", f"/carts/{cart}/items", {"product": product, "quantity": 1})
    time.sleep(1.1)  # the field holds whole seconds
    now = "new Date().toISOString().slice(0, 19)"
    page.run(f"document.querySelector('[name=time]').value = {now}")
    page.run("document.querySelector('[name=time]').form.requestSubmit()")
    page.until(f"{MAIN}.includes('Version 2 of 2')")


@pytest.mark.parametrize("asked", ["at=abc", "at=-3", "at=1&from=99", "at=2&from=x"])
def test_no_version_that_there_is_not_is_told_of(page, asked):
    page.run(f"location.hash = '#/stream/tenants/bazaar?{asked}'")
    page.until(f"/Version \\d+ of \\d+/.test({MAIN}) && !{MAIN}.includes('Reading')")
    assert "NaN" not in page.run(MAIN) + page.run("location.hash")


@pytest.mark.parametrize("address", ["#/causes/.", "#/causes/..", "#/stream/../events"])
def test_an_address_names_no_other_route(page, address):
    page.run(f"location.hash = '{address}'")
    page.until(f"{MAIN}.includes('There is no such')")
    assert "NaN" not in page.run(MAIN)
    assert [each for each in page.complaints if "Error" in str(each)] == []


def test_what_no_header_can_hold_is_no_token(browser, site):
    with tab(browser) as page:
        for where in ("/console", "/feed.html", "/"):
            page.open(site + where)
            page.run("document.querySelector('input').focus()")
            page.type("eyJhbGciOiJFUzI1NiIs\u2026")
            page.press("Enter")
            page.until("/token is malformed|this is no token/.test(document.body.innerText)")


def test_who_may_see_no_figures_does_not_wait_for_them(browser, site, up):
    with tab(browser) as page:
        page.open(site + "/console")
        sign_in(page, up, role="buyer", view="charts")
        page.until("document.querySelectorAll('[role=alert]').length === 2")
        assert "Reading" not in page.run(MAIN)
