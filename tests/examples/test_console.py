"""The console in a real browser: every view, by keyboard, on a phone, light and dark."""

import json
from urllib.parse import quote

import httpx
import psycopg
import pytest

from application.differences import diff
from entrypoints.instance import find
from tests.examples.browser import left, tab
from tests.examples.console import (
    DESK,
    LIVE,
    PHONE,
    SEEN,
    SETTLED,
    TAGS,
    VIEWS,
    cancelled_order,
    look,
    sign_in,
    text,
    told,
)
from tests.examples.test_feed import Person
from tests.support.patience import PATIENCE


@pytest.fixture(scope="module")
def shared(site, browser):
    with tab(browser) as found:
        yield found


@pytest.fixture
def page(shared, site):
    """Nobody is signed in."""
    shared.resize(*DESK)
    shared.prefer("light")
    shared.open(site + "/console")
    shared.run("sessionStorage.clear(), localStorage.clear()")
    shared.open(site + "/console?")
    shared.complaints.clear()
    return shared


@pytest.fixture(scope="module")
def order(up):
    return cancelled_order(up)


def test_the_log_grows_by_itself_and_following_it_is_one_reading(page, up, order):
    sign_in(page, up, user="rania", purpose="Une plainte été")
    page.until(LIVE)
    amina = Person(up, "buyer", "amina")
    cart = amina.ask("POST", "/carts")
    page.until(f"document.querySelector('[data-position=\"{cart['position']}\"]') !== null")
    item = {"product": order["product"], "quantity": 1}
    added = amina.ask("POST", f"/carts/{cart['id']}/items", item)
    page.until(f"document.querySelector('[data-position=\"{added['position']}\"]') !== null")
    tagged = "[+each.dataset.position, each.querySelector('.tag').innerText]"
    shown = page.run(f"[...document.querySelectorAll('[data-position]')].map(each => {tagged})")
    assert shown == sorted(shown, reverse=True)
    wanted = [added["position"], "carts.item_added"], [cart["position"], "carts.cart_opened"]
    assert [each for each in shown if each in wanted] == [*wanted]  # others may come meanwhile
    look(page, "log")
    log = Person(up, "auditor", "omar").ask("GET", "/audit/events", actor="rania")["items"]
    assert [each["data"]["what"] for each in log] == ["GET /api/v1/audit/tail"]
    assert log[0]["data"]["purpose"] == "Une plainte été"
    assert page.complaints == []


def test_the_log_is_walked_by_keyboard_from_an_event_to_its_causes_and_its_stream(page, up, order):
    sign_in(page, up)
    page.until(f"{TAGS}.length > 5")
    page.press("/")
    page.type("orders")
    page.press("Enter")
    page.until("location.hash === '#/log?context=orders'")
    page.until(f"{TAGS}.length > 2 && {TAGS}.every(tag => tag.startsWith('orders.'))")
    page.run("document.activeElement.blur()")
    focused = "+document.activeElement.closest('[data-position]').dataset.position"
    page.press("j", "j", "k")
    shown = page.run(SEEN)
    down = shown.index(order["cancelled"]) - shown.index(page.run(focused))
    page.press(*"j" * down, "Enter")
    assert page.run(focused) == order["cancelled"]
    told(page, "cancelled", ".changes")
    assert "confirmed" in text(page, ".changes")
    assert "127.0.0.1" in text(page, ".detail")
    look(page, "log-open")

    page.press("c")
    page.until(f"location.hash === '#/causes/{order['cancelled']}'")
    told(page, "inventory.stock_restocked", ".trace")
    assert "policy:stock" in text(page, ".trace")
    look(page, "causes")
    page.press("j", "ArrowDown")
    assert "policy:" in page.run("document.activeElement.innerText")
    page.press("ArrowLeft")
    shut = "document.querySelectorAll('.trace details:not([open])').length"
    assert page.run(shut) == 1
    page.press("ArrowRight")
    assert page.run(shut) == 0

    page.run("document.querySelector('.facts a').focus()")
    page.press("Enter")
    page.until(f"location.hash.startsWith('#/stream/orders/{order['id']}')")
    assert page.complaints == []


def test_a_stream_is_seen_at_every_version_with_what_changed(page, up, order):
    sign_in(page, up, view=f"stream/orders/{order['id']}")
    told(page, "Version 5 of 5")
    page.press("[")
    told(page, "Version 4 of 5")
    changed = "[...document.querySelectorAll('.tree .changed .name')].map(e => e.innerText)"
    page.until(f"{changed}.includes('status')")
    assert "cancelled" in text(page, ".tree")
    page.press("[", "[")
    told(page, "Version 2 of 5")
    page.until(SETTLED)
    assert page.run("document.querySelector('.changes ins').innerText") == "confirmed"
    assert "status confirmed" in text(page, ".tree")
    look(page, "stream")
    page.run("document.querySelector('input[type=range]').focus()")
    page.press("ArrowLeft")
    told(page, "Version 1 of 5")
    page.press("m", "]", "]", "]")
    told(page, "Since version 1")
    page.until(SETTLED)
    assert page.run("document.querySelector('.changes del').innerText") == "pending"
    assert page.run("document.querySelector('.changes ins').innerText") == "cancelled"
    assert page.run("location.hash").endswith("?at=4&from=1")
    page.press("u")
    told(page, "Since version 3")
    begun = "document.querySelector('[name=time]').value = '2020-01-01T00:00:00'"
    page.run(f"{begun}, document.querySelector('.slider form').requestSubmit()")
    told(page, "Version 0 of 5")
    spoken = page.accessible()
    assert ("slider", "Version") in spoken
    assert ("region", "State") in spoken
    assert page.complaints == []


def test_the_page_spells_the_places_of_a_document_as_the_api_does(page):
    documents = [
        {"a": {"b c": [1, 2], "é": None}, "lines": [{"product": 'x/"1"', "n": {"m": 2}}]},
        {"points": [{"x": 1}, {"x": 1}], "pairs": [[1, [2, {"y": 3}]], []], "empty": {}},
        {"mixed": [{"id": "a"}, {"id": "a", "sku": "b"}], "twice": [{"id": 1, "name": "n"}]},
    ]
    for document in documents:
        found = page.run(f"""import('/console/parts/values.js').then(({{partsOf}}) => {{
          const leaves = (value, path) => partsOf(value, path)?.flatMap(
            ([, each, place]) => leaves(each, place)) ?? [path];
          return leaves({json.dumps(document)}, '');
        }})""")
        spelt = {each.path.removesuffix("[]") for each in diff(None, document) if each.path}
        assert {*found} == {p for p in spelt if not any(q.startswith(f"{p}[") for q in spelt)}


def test_what_is_parked_is_shown_and_tried_again_once_confirmed(page, up):
    created = Person(up, "auditor", "omar").ask(
        "GET", "/audit/events", tag="tenants.tenant_created", order="asc"
    )["items"][0]
    with psycopg.connect(find(up.directory, {}).postgres_url, autocommit=True) as owner:
        owner.execute(
            "INSERT INTO read.dead_letters (tenant, projection, stream, position, tag, error)"
            " VALUES ('bazaar', 'tenants', 'bazaar/tenants/bazaar', %s, %s, 'a field was missing')",
            (created["position"], created["tag"]),
        )
    sign_in(page, up, view="projections")
    told(page, "An admin can try again", ".letters")
    page.run("document.getElementById('leave').click()")
    page.until("document.getElementById('token') !== null")
    sign_in(page, up, role="admin", user="root", view="projections")
    told(page, "a field was missing", ".letters")
    assert "tenants" in text(page, "table")
    look(page, "projections")
    page.run("document.querySelector('.letters button').focus()")
    page.press("Enter")
    page.until("document.querySelector('dialog[open]') !== null")
    look(page, "confirm")
    page.press("Escape")
    page.until("document.querySelector('dialog') === null")
    assert "a field was missing" in text(page)
    page.press("Enter")
    page.until("document.querySelector('dialog[open]') !== null")
    page.run("document.querySelector('dialog .primary').click()")
    told(page, "tenants: 1 done, nothing is parked any more.")
    told(page, "everything of this tenant is folded")
    assert page.complaints == []


def test_who_may_not_try_again_is_told_so(page, up):
    sign_in(page, up, role="seller", user="seller", view="projections")
    told(page, "Not allowed: this needs the permission projections:view")
    page.press("1")
    told(page, "Not allowed: this needs the permission audit_logs:view")


def test_the_charts_show_what_the_log_took_and_what_was_sold(page, up):
    sign_in(page, up, view="charts")
    page.until("document.querySelectorAll('.plot canvas').length === 2")
    told(page, "paid order")
    assert "a second" in text(page)
    page.run("document.querySelector('details summary').click()")
    rows = page.run("[...document.querySelectorAll('details tbody tr')].map(r => r.innerText)")
    assert rows
    assert all("DZD" in row for row in rows)
    drawn = """(() => {
      const canvas = document.querySelector('#sales canvas'), pen = canvas.getContext('2d');
      const all = pen.getImageData(0, 0, canvas.width, canvas.height).data;
      const bar = n => all[n] < 90 && all[n + 2] > 150 && all[n + 3] > 150;
      return all.some((_, n) => n % 4 === 0 && bar(n));
    })()"""
    page.until(drawn)  # bars
    look(page, "charts")
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_fits_a_phone_in_both_schemes(page, up, order, scheme):
    page.resize(*PHONE)
    page.prefer(scheme)
    look(page, f"phone-{scheme}-door")
    sign_in(page, up)
    light = page.run("getComputedStyle(document.body).backgroundColor === 'rgb(244, 245, 248)'")
    assert light == (scheme == "light")
    places = [*VIEWS, f"stream/orders/{order['id']}", f"causes/{order['cancelled']}"]
    for place in places:
        page.run(f"location.hash = '#/{place}'")
        page.until("!document.querySelector('main').innerText.includes('Reading…')")
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.run(wide) == 0, place
        look(page, f"phone-{scheme}-{place.split('/')[0]}{'-one' if '/' in place else ''}")
    assert page.complaints == []


def test_the_scheme_is_switched_and_kept_and_keys_are_told_and_can_be_turned_off(page, up):
    sign_in(page, up)
    dark = "getComputedStyle(document.body).backgroundColor === 'rgb(18, 21, 27)'"
    page.press("t", "t")
    assert page.run(dark)
    page.press("?")
    assert "causes and effects" in text(page, "dialog")
    look(page, "help")
    page.run("document.querySelector('dialog input').click()")
    page.press("Escape")
    page.until("document.querySelector('dialog') === null")
    page.press("4", "t")
    assert page.run("location.hash") == "#/log"
    page.reload()
    page.until("document.querySelector('header nav') !== null")
    assert page.run(dark)


def test_when_the_network_was_away_nothing_is_missing(page, up):
    sign_in(page, up)
    page.until(LIVE)
    page.offline(True)
    told(page, "Cut off: trying again")
    cart = Person(up, "buyer", "amina").ask("POST", "/carts")
    page.offline(False)
    page.until(LIVE)
    page.until(f"document.querySelector('[data-position=\"{cart['position']}\"]') !== null")


def test_paused_it_stands_still_and_then_tells_what_came_meanwhile(page, up):
    sign_in(page, up)
    page.until(LIVE)
    page.press("p")
    told(page, "Paused at")
    cart = Person(up, "buyer", "amina").ask("POST", "/carts")
    there = f"document.querySelector('[data-position=\"{cart['position']}\"]') !== null"
    assert not page.run(there)
    page.press("p")
    page.until(there)
    assert page.complaints == []


def test_signed_out_nothing_is_left_of_what_was_shown(page, up):
    sign_in(page, up)
    page.until(f"{TAGS}.length > 5")
    page.run("document.getElementById('leave').click()")
    page.until("document.getElementById('token') !== null")
    assert page.run(TAGS) == []
    assert page.run("sessionStorage.length") == 0
    assert page.run("document.getElementById('token').value") == ""


def test_who_has_no_valid_token_is_told_why(page):
    page.run("document.getElementById('token').focus()")
    page.type("nonsense")
    page.press("Enter")
    told(page, "This token is malformed, expired or not for here.")
    look(page, "door")
    assert page.run("sessionStorage.length") == 0


def test_the_policy_of_the_page_comes_through_the_proxy(site):
    found = httpx.get(site + "/console", timeout=PATIENCE)
    assert found.headers["content-security-policy"].startswith("default-src 'none'; script-src")


def test_what_others_wrote_is_text_and_nothing_else(page, up):
    name = "<img src=x onerror=document.title='taken'>"
    price = {"amount": "1.00", "currency": "DZD"}
    body = {"name": name, "slug": "an-image", "price": price}
    made = Person(up, "seller", "seller").ask("POST", "/catalog/products", body)
    sign_in(page, up)
    row = f"document.querySelector('[data-position=\"{made['position']}\"] button')"
    page.until(f"{row} !== null")
    page.run(f"{row}.click()")
    told(page, name, ".detail .changes")
    page.run(f"location.hash = '#/stream/catalog/{made['id']}'")
    told(page, name, ".columns")
    assert page.run("document.querySelector('main img')") is None
    assert page.run("document.title") == "Stream · Souk console"
    assert page.complaints == []


def test_what_is_written_from_right_to_left_turns_round_nothing_beside_it(page, up):
    first, second = "\u05d0\u05d1\u05d2", "\u05d3\u05d4\u05d5"
    sign_in(page, up, view=f"log?actor={quote(first)}&q={quote(second)}")
    told(page, second, ".filters summary")
    summary = "document.querySelector('.filters summary')"
    assert left(page, summary, first) < left(page, summary, second)
    page.run(f"""Promise.all(['html', 'values'].map(each => import(`/console/parts/${{each}}.js`)))
      .then(([{{render}}, {{tree}}]) => {{
        const place = document.body.appendChild(document.createElement('section'));
        place.id = 'shown';
        render(tree({{'{first}': '2 {second}'}}), place);
      }})""")
    shown = "document.getElementById('shown')"
    places = [left(page, shown, part) for part in (first, "2", second)]
    assert places == sorted(places)


def test_who_comes_back_to_the_log_and_looks_further_back_leaves_out_nothing(page, up, order):
    earlier = "document.querySelector('.end button')"
    sign_in(page, up)
    page.until(LIVE)
    page.run("document.querySelector('.check input').click()")  # what was read is shown, too
    for _ in range(2):
        page.until(f"{LIVE} && {earlier} !== null")
        (*_, last) = page.run(SEEN)
        page.run(f"{earlier}.click(), {earlier}.click()")  # as a hasty hand does
        page.until(f"{SEEN}.at(-1) < {last}")
        shown = page.run(SEEN)
        page.run("location.hash = '#/log?context=orders'")
        page.until(f"{LIVE} && {TAGS}.length > 2 && {TAGS}.every(tag => tag.startsWith('orders.'))")
        page.run("location.hash = '#/log'")
        page.until(f"{LIVE} && {TAGS}.some(tag => !tag.startsWith('orders.'))")
    told = Person(up, "auditor", "omar").ask(
        "GET", "/audit/events", position_from=shown[-1], order="asc", limit=100, changes="false"
    )
    some = [each["position"] for each in told["items"]]
    assert shown[::-1][: len(some)] == some[: len(shown)]
