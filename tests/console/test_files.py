"""The console's files: what they may do, how they are kept, and the libraries among them."""

import json
import re

import httpx
import pytest

from entrypoints.http.app import http
from entrypoints.http.console import FILES
from tests.console.vendor import CONSOLE, FOLDER, PINS, digest, place

PINNED = json.loads(PINS.read_text())


@pytest.fixture(scope="module")
async def browser():
    transport = httpx.ASGITransport(http(lambda: None))
    async with httpx.AsyncClient(transport=transport, base_url="http://souk") as client:
        yield client


async def test_the_page_is_there_for_everybody_and_may_run_only_its_own_files(browser):
    for path in ("/console", "/console/"):
        page = await browser.get(path)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "<title>Souk console</title>" in page.text
    policy = dict(
        part.split(" ", 1) for part in page.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == policy["form-action"] == "'none'"
    assert {policy[kind] for kind in ("script-src", "style-src", "connect-src")} == {"'self'"}
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"


def test_no_page_has_a_script_or_a_style_in_it():
    """Which the policy would not let run."""
    for name in ("index.html", *(name for name in FILES if name.endswith(".js"))):
        text = FILES[name].body.decode()
        if not name.startswith("vendor/"):
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*src=)", text), name


async def test_what_has_not_changed_is_not_sent_again(browser):
    first = await browser.get("/console/app.js")
    assert first.headers["cache-control"] == "public, no-cache"
    headers = {"if-none-match": f'"other", W/{first.headers["etag"]}'}
    again = await browser.get("/console/app.js", headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = await browser.get("/console/app.js", headers={"if-none-match": '"other"'})
    assert other.content == first.content


async def test_a_library_is_kept_for_ever(browser):
    for name, pin in PINNED.items():
        path = f"/console/vendor/{name}-{pin['version']}/LICENSE"
        assert "immutable" in (await browser.get(path)).headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["nothing.js", "../http/console.py", "%2e%2e/http/console.py", "vendor", "vendor.json"]
)
async def test_nothing_else_is_served(browser, path):
    assert (await browser.get(f"/console/{path}")).status_code == 404


def test_every_file_that_is_named_is_there():
    """In the page, and by each module that imports another."""
    for name, file in FILES.items():
        if name.endswith((".html", ".js")) and not name.startswith("vendor/"):
            text = file.body.decode()
            for found in re.findall(r'(?:src|href)="/console/([^"]+)"', text):
                assert found in FILES
            for found in re.findall(r'from "(\.[^"]+)"', text):
                wanted = (CONSOLE / name).parent / found
                assert wanted.resolve().relative_to(CONSOLE).as_posix() in FILES, (name, found)


def test_the_libraries_are_those_that_are_pinned_and_come_with_their_licences():
    found = {
        file.relative_to(FOLDER).as_posix(): digest(file.read_bytes())
        for file in FOLDER.rglob("*")
        if file.is_file()
    }
    pinned = {
        (place(name, pin) / path).relative_to(FOLDER).as_posix(): integrity
        for name, pin in PINNED.items()
        for path, integrity in pin["files"].items()
    }
    assert found == pinned
    for name, pin in PINNED.items():
        assert pin["package"].startswith("sha512-")
        assert "LICENSE" in pin["files"], name


def test_a_wheel_has_every_file_of_it():
    """What hatchling packs is what git would, and whole packages of ours."""
    from hatchling.builders.wheel import WheelBuilder

    packed = {file.path for file in WheelBuilder(str(CONSOLE.parents[1])).recurse_included_files()}
    missing = {name for name in FILES if str(CONSOLE / name) not in packed}
    assert missing == set()
