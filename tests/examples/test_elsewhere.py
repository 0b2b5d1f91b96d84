"""The example pages where they cannot begin: they say why."""

from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from entrypoints.cli.token import sign
from entrypoints.instance import find
from tests.examples.browser import tab

PAGES = Path("docs/examples").resolve()
ROLES = {"feed.html": "buyer", "live.html": "seller"}
PROBLEM = "document.getElementById('problem').textContent"
STATUS = "document.getElementById('status').textContent"


class Silent(SimpleHTTPRequestHandler):
    """Files and nothing else."""

    def log_message(self, *_):
        pass


@contextmanager
def serving(folder):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def sign_in(page, token):
    """As with a keyboard."""
    page.run("document.getElementById('token').focus()")
    page.type(token)
    page.press("Enter")


@pytest.mark.parametrize("name", ROLES)
def test_served_by_another_server_the_page_says_that_there_is_no_api(browser, name):
    with serving(PAGES) as place, tab(browser) as page:
        page.open(f"{place}/{name}")
        sign_in(page, "a.good.token")
        page.until(f"{PROBLEM}.startsWith('There is no API at {place}')")


@pytest.mark.parametrize("name", ROLES)
def test_opened_as_a_file_the_page_says_that_there_is_no_api(browser, name):
    with tab(browser) as page:
        page.open((PAGES / name).as_uri())
        sign_in(page, "a.good.token")
        page.until(f"{PROBLEM}.startsWith('There is no API in a file')")


@pytest.mark.parametrize("name", ROLES)
@pytest.mark.parametrize("whose", ["policy", "gateway"])
def test_under_an_origin_that_is_not_let_in_the_page_says_which_it_is(
    browser, site, up, whose, name
):
    other = site.replace("127.0.0.1", "localhost")
    with tab(browser) as page:
        page.do("Page.setBypassCSP", enabled=whose == "gateway")  # else the proxy's refuses first
        page.open(f"{other}/{name.removeprefix('live.html')}")
        sign_in(page, sign(find(up.directory, {}), ROLES[name], "bazaar", "farida"))
        page.until(f"{STATUS}.includes('does not let in {other} (SOUK_ORIGINS): trying again')")
