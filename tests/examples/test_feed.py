"""The feed page in a real browser: it goes on as one scrolls, and its numbers are everybody's."""

import asyncio
import time
import uuid

import httpx
import pytest

from entrypoints.cli.token import sign
from entrypoints.instance import find
from tests.examples.browser import tab
from tests.examples.gateway import kill_gateway
from tests.support.patience import PATIENCE
from tests.support.pictures import film
from tests.support.s3 import send

MANY = 25  # more than two slices of the page
LIVE = "document.getElementById('status').dataset.is === 'live'"
SHOWN = "[...document.querySelectorAll('article')].map(card => card.dataset.reel)"
TOLD = "said.every(each => !each.topic || heard.some(one => one.topic === each.topic))"
# What the page says to the gateway, and what it is told.
RECORD = """
[window.said, window.heard] = [[], []];
const Plain = WebSocket, send = WebSocket.prototype.send;
WebSocket.prototype.send = function (text) { said.push(JSON.parse(text)); send.call(this, text); };
window.WebSocket = class extends Plain {
  constructor(url) {
    super(url);
    this.addEventListener("message", event => heard.push(JSON.parse(event.data)));
  }
};
"""


class Person:
    """One who uses the API as it is."""

    def __init__(self, up, role, user):
        self.token = sign(find(up.directory, {}), role, "bazaar", user)
        self._http = httpx.Client(
            base_url=f"{up.url}/api/v1",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=PATIENCE,
        )

    def ask(self, method, path, body=None, **query):
        keyed = {"Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {}
        sent = {"json": body, "params": query, "headers": keyed}
        end = time.monotonic() + PATIENCE
        while (answer := self._http.request(method, path, **sent)).status_code == 503:
            assert time.monotonic() < end, answer.text
            time.sleep(0.1)  # as it says: to be sent again soon
        assert answer.is_success, answer.text
        return answer.json()

    def until(self, path, right, **query):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if right(found := self.ask("GET", path, **query)):
                return found
            time.sleep(0.05)
        raise AssertionError(found)


class Shop:
    """Reels of one product, all of which show one video."""

    def __init__(self, up):
        self.seller = Person(up, "seller", "seller")
        found = self.seller.ask("GET", "/catalog/products/search", q="pottery bowl")
        self.bowl = found["items"][0]
        self.video = self._rendered()

    def _rendered(self):
        form = self.seller.ask("POST", "/media", {"kind": "video"})
        assert asyncio.run(send(form, film(seconds=3))).status_code == 204
        self.seller.ask("POST", f"/media/{form['id']}/confirm")
        path = f"/media/{form['id']}"
        after = form["position"]
        self.seller.until(path, lambda found: found["status"] == "rendered", after=after)
        return form["id"]

    def publish(self, caption):
        """A reel's id, once the feed shows it to the page."""
        new = {"product": self.bowl["id"], "caption": caption, "media": self.video}
        id = self.seller.ask("POST", "/reels", new)["id"]
        self.seller.ask("POST", f"/reels/{id}/publish")
        self.seller.until("/reels", lambda feed: _first(feed) == id, limit=10)
        return id


def _first(feed):
    return next((each["id"] for each in feed["items"]), None)


@pytest.fixture(scope="module")
def shop(site, up):
    return Shop(up)


@pytest.fixture
def amina(up):
    return Person(up, "buyer", "amina")


@pytest.fixture
def farida(up):
    """Who looks at the page."""
    return Person(up, "buyer", "farida")


@pytest.fixture
def page(site, browser):
    with tab(browser) as found:
        found.do("Page.addScriptToEvaluateOnNewDocument", source=RECORD)
        found.open(site + "/feed.html")
        yield found


@pytest.fixture
def reel(shop):
    """The newest: it is on top."""
    return shop.publish("Thrown by hand")


@pytest.fixture
def watching(reel, page, farida):
    """Told of the first reel's numbers."""
    sign_in(page, farida.token)
    page.until(LIVE)
    page.until(f"said.some(each => each.topic === 'engagement/{reel}')")
    return page


def sign_in(page, token):
    """As with a keyboard."""
    page.run("document.getElementById('token').focus()")
    page.type(token)
    page.press("Enter")


def part(reel, name):
    return f"document.querySelector('[data-reel=\"{reel}\"] {name}')"


def number(reel, name):
    return f"Number({part(reel, '.' + name)}.textContent)"


def scrolled(page, count):
    """To the end, again and again, until so many reels are there."""
    page.until(f"scrollTo(0, document.body.scrollHeight), {SHOWN}.length >= {count}")


def test_a_reel_shows_its_video_and_what_it_sells(watching, shop, reel):
    text = watching.until(f"{part(reel, '.about')}.innerText")
    price = shop.bowl["price"]
    for said in (shop.bowl["name"], f"{price['amount']} {price['currency']}", "Thrown by hand"):
        assert said in text
    assert watching.run(f"{part(reel, '.seller')}.textContent") == "seller"
    watching.until(f"{part(reel, 'video')}.poster.startsWith('data:image/')")
    watching.until(f"{part(reel, 'video')}.currentTime > 0")
    assert watching.complaints == []


def test_whoever_scrolls_sees_every_reel_once_the_newest_first(page, shop, amina):
    for count in range(MANY):
        shop.publish(f"Number {count}")
    sign_in(page, amina.token)
    page.until(f"{SHOWN}.length > 0")
    assert page.run(f"{SHOWN}.length") == 10
    feed = [each["id"] for each in amina.ask("GET", "/reels", limit=100)["items"]]
    assert len(feed) >= MANY
    scrolled(page, len(feed))
    assert page.run(SHOWN) == feed
    page.until("document.getElementById('end').textContent === 'That is all.'")
    assert page.complaints == []


def test_another_persons_like_changes_the_number_and_ones_own_does_too(watching, reel, amina):
    amina.ask("PUT", f"/reels/{reel}/like")
    watching.until(f"{number(reel, 'likes')} === 1")
    heart = part(reel, ".like")
    assert watching.run(f"{heart}.ariaPressed") == "false"
    watching.run(f"{heart}.click()")
    watching.until(f"{number(reel, 'likes')} === 2 && {heart}.ariaPressed === 'true'")
    amina.ask("DELETE", f"/reels/{reel}/like")
    watching.until(f"{number(reel, 'likes')} === 1")
    watching.until(f"({heart}.click(), {heart}.ariaPressed === 'false')")
    watching.until(f"{number(reel, 'likes')} === 0")


def test_a_like_that_does_not_come_through_is_told_and_taken_back(watching, reel):
    heart, note = part(reel, ".like"), part(reel, "[role=alert]")
    watching.offline(True)
    watching.run(f"{heart}.click()")
    watching.until(f"{note}.textContent === 'Cut off'")
    watching.offline(False)
    assert watching.run(f"{heart}.ariaPressed") == "false"


def test_what_one_liked_before_is_shown_as_liked(reel, page, farida):
    position = farida.ask("PUT", f"/reels/{reel}/like")["position"]
    farida.ask("GET", "/reels/liked", reel=reel, after=position)
    sign_in(page, farida.token)
    page.until(f"{part(reel, '.like')}?.ariaPressed === 'true'")


def test_a_comment_raises_its_number_and_can_be_read(watching, reel, amina):
    watching.run(f"{part(reel, '.say input')}.focus()")
    watching.type("Does it hold soup?")
    watching.press("Enter")
    watching.until(f"{number(reel, 'comments')} === 1")
    watching.until(f"{part(reel, 'ol')}.innerText === 'farida Does it hold soup?'")
    amina.ask("POST", f"/reels/{reel}/comments", {"text": "<b>Two bowls</b> of it"})
    watching.until(f"{number(reel, 'comments')} === 2")
    watching.until(f"{part(reel, 'ol')}.innerText.startsWith('amina <b>Two bowls</b> of it')")
    assert watching.complaints == []


def test_what_was_watched_is_counted(watching, reel):
    watching.until(f"{number(reel, 'views')} === 1")


def test_one_of_a_kind_is_told_as_one(watching, reel, amina):
    said = f"{part(reel, '.about')}.innerText"
    watching.until(f"/^1 view$/m.test({said}) && /^0 comments$/m.test({said})")
    amina.ask("POST", f"/reels/{reel}/comments", {"text": "Does it hold soup?"})
    watching.until(f"/^1 comment$/m.test({said})")


def test_only_what_is_on_screen_is_subscribed_to(page, shop, farida):
    top = f"engagement/{[shop.publish(f'Number {count}') for count in range(12)][-1]}"
    last = f"said.findLast(each => each.topic === '{top}')"
    sign_in(page, farida.token)
    page.until(f"{last}?.type === 'subscribe'")
    page.until(f"{SHOWN}.length > 0 && {TOLD}")  # it goes on from what it was told
    assert page.run("new Set(said.filter(each => each.topic).map(each => each.topic)).size") < 5
    scrolled(page, 12)
    page.until(f"{last}.type === 'unsubscribe'")
    page.run("scrollTo(0, 0)")
    page.until(f"{last}.type === 'subscribe' && {last}.after > 0")


def test_after_the_gateway_was_killed_the_numbers_are_right_again(watching, up, reel, amina):
    amina.ask("PUT", f"/reels/{reel}/like")
    watching.until(f"{number(reel, 'likes')} === 1")
    watching.until(TOLD)
    kill_gateway(up, watching, "said.length = 0")
    Person(up, "buyer", "bilal").ask("PUT", f"/reels/{reel}/like")
    watching.until(LIVE)
    watching.until(f"{number(reel, 'likes')} === 2")
    resumed = watching.run("said.filter(each => each.type === 'subscribe')")
    assert f"engagement/{reel}" in {each["topic"] for each in resumed}
    assert all(each["after"] > 0 for each in resumed)


def test_a_screen_reader_is_told_what_is_what(watching, reel):
    told = watching.accessible()
    assert ("feed", "Reels") in told
    assert ("article", "Kabyle pottery bowl") in told
    assert ("button", "Like") in told
    assert ("textbox", "Comment") in told


def test_signed_out_nothing_is_left_of_what_was_shown(watching):
    watching.until(f"{SHOWN}.length > 0")
    watching.run("document.getElementById('leave').click()")
    assert watching.run(SHOWN) == []
    assert watching.run("document.getElementById('token').value") == ""
    watching.until("document.getElementById('status').textContent === 'Signed out'")


def test_who_has_no_valid_token_is_told_why(page):
    sign_in(page, "nonsense")
    page.until("document.getElementById('problem').textContent.startsWith('Refused')")
    assert page.run("document.getElementById('feed').hidden")
