"""What the tests of the console do with it. SOUK_PICTURES: a directory for pictures of it."""

import base64
import json
import os
from pathlib import Path

from entrypoints.cli.token import sign
from entrypoints.instance import find
from tests.examples.test_feed import Person

LIVE = "document.querySelector('.state')?.dataset.is === 'live'"
TAGS = "[...document.querySelectorAll('.row .tag')].map(each => each.innerText)"
SEEN = "[...document.querySelectorAll('[data-position]')].map(each => +each.dataset.position)"
SETTLED = "document.querySelector('.columns').ariaBusy === 'false'"
VIEWS = ("log", "stream", "causes", "projections", "charts")
PHONE, DESK = (320, 740), (1200, 850)


def cancelled_order(up):
    """Amina has ordered a bowl; the seller confirmed it, and she changed her mind. The policies
    have done with each step before the next: what they do then depends on it."""
    amina, seller = Person(up, "buyer", "amina"), Person(up, "seller", "seller")
    found = seller.ask("GET", "/catalog/products/search", q="pottery bowl")["items"][0]
    cart = amina.ask("POST", "/carts")["id"]
    amina.ask("POST", f"/carts/{cart}/items", {"product": found["id"], "quantity": 1})
    customer = {"customer": {"name": "Amina Kadri", "address": "1 rue Didouche"}}
    placed = amina.ask("POST", f"/carts/{cart}/check-out", customer)
    id = placed["orders"][0]["id"]
    done = seller.ask("POST", f"/orders/{id}/confirm")
    comes_after(up, done["position"], "inventory.stock_committed")
    gone = seller.ask("POST", f"/orders/{id}/cancel", {"reason": "changed_mind"})
    comes_after(up, gone["position"], "inventory.stock_restocked")
    positions = {"confirmed": done["position"], "cancelled": gone["position"]}
    return {"id": id, "product": found["id"], **positions}


def comes_after(up, position, tag):
    found = {"position_from": position, "tag": tag}
    Person(up, "auditor", "karim").until("/audit/events", lambda page: page["items"], **found)


def sign_in(page, up, role="auditor", user="nadia", purpose="", view="log"):
    """As with a keyboard."""
    page.run(f"location.hash = '#/{view}'")
    page.run("document.getElementById('token').focus()")
    page.type(sign(find(up.directory, {}), role, "bazaar", user))
    if purpose:
        page.run("document.getElementById('purpose').focus()")
        page.type(purpose)
    page.press("Enter")
    page.until("document.querySelector('header nav') !== null")


def look(page, name):
    if place := os.environ.get("SOUK_PICTURES"):
        (Path(place) / f"{name}.png").write_bytes(base64.b64decode(page.picture()))


def text(page, of="main"):
    return page.run(f"document.querySelector('{of}').innerText")


def told(page, words, of="main"):
    page.until(f"document.querySelector('{of}')?.innerText.includes({json.dumps(words)})")
