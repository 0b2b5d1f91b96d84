"""A headless Chromium, spoken to by its own protocol."""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from websockets.sync.client import connect

from adapters.embedded import leash
from tests.examples.proxies import program
from tests.support.patience import PATIENCE

NAMES = ("chromium", "chromium-browser", "google-chrome")

WIDTH, HEIGHT = 1100, 800
WRITES = {"Enter": "\r"}
NUMBERS = {
    "Enter": 13,
    "Escape": 27,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
}
OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # refused to root without it; only the test's own page is opened
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--no-first-run",
    "--no-proxy-server",
    "--remote-debugging-port=0",
)


def installed():
    return next((found for name in NAMES if (found := program(name))), None)


class Page:
    """One tab. ``complaints``: errors that its console was told, and exceptions nobody caught."""

    def __init__(self, socket, session):
        self._socket, self._session, self._ids = socket, session, itertools.count(1)
        self.complaints = []
        for domain in ("Page", "Runtime", "Log"):
            self.do(f"{domain}.enable")

    def do(self, method, **parameters):
        answer = self._answer(method, **parameters)
        assert "error" not in answer, answer
        return answer["result"]

    def _answer(self, method, **parameters):
        id = next(self._ids)
        said = {"id": id, "sessionId": self._session, "method": method, "params": parameters}
        self._socket.send(json.dumps(said))
        while (answer := json.loads(self._socket.recv(PATIENCE))).get("id") != id:
            self._note(answer)
        return answer

    def _note(self, event):
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(event["params"]["exceptionDetails"])
        if event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
            self.complaints.append(event["params"]["entry"]["text"])

    def run(self, script):
        """The value of a script, which may be a promise."""
        found = self.do(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def until(self, script):
        """The first true value."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if found := self.run(script):
                return found
            time.sleep(0.05)
        raise AssertionError(f"{script} is never true:\n{self.run('document.body.innerText')}")

    def open(self, url):
        self.do("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && location.protocol !== 'about:'")

    def type(self, text):
        self.do("Input.insertText", text=text)

    def reload(self):
        """Until it is another page: for a while it still is the one before, or none."""
        self.run("window.before = true")
        self.do("Page.reload")
        end, there = time.monotonic() + PATIENCE, "!window.before && document.readyState"
        while time.monotonic() < end:
            answer = self._answer("Runtime.evaluate", expression=there, returnByValue=True)
            if answer.get("result", {}).get("result", {}).get("value") == "complete":
                return
            time.sleep(0.05)
        raise AssertionError(answer)

    def press(self, *keys):
        for key in keys:
            text = WRITES.get(key, key if len(key) == 1 else "")
            for kind in ("keyDown", "keyUp"):
                number = NUMBERS.get(key, 0)
                self.do(
                    "Input.dispatchKeyEvent",
                    type=kind,
                    key=key,
                    code=key,
                    text=text,
                    windowsVirtualKeyCode=number,
                )

    def resize(self, width, height):
        self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def prefer(self, scheme):
        """``light`` or ``dark``."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.do("Emulation.setEmulatedMedia", features=[feature])

    def offline(self, away):
        """Whether the network is away."""
        self.do("Network.enable")
        self.do(
            "Network.emulateNetworkConditions",
            offline=away,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )

    def accessible(self):
        """What a screen reader is given: (role, name) of each node."""
        self.do("Accessibility.enable")
        nodes = self.do("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"]
        ]

    def picture(self):
        """PNG, base64."""
        return self.do("Page.captureScreenshot", format="png")["data"]


LEFT = """
(() => {
  const walk = document.createTreeWalker(%s, NodeFilter.SHOW_TEXT), range = document.createRange();
  while (!walk.nextNode().data.includes(%s));
  const from = walk.currentNode.data.indexOf(%s);
  range.setStart(walk.currentNode, from);
  range.setEnd(walk.currentNode, from + %d);
  return range.getBoundingClientRect().left;
})()
"""


def left(page, element, text):
    """Where the first such text of an element is, in pixels, as somebody sees it."""
    return page.run(LEFT % (element, json.dumps(text), json.dumps(text), len(text)))


@contextmanager
def browsing():
    """The address of a browser."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        front = [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), "9", "-1", "-1"]
        command = [*front, installed(), *OPTIONS, f"--user-data-dir={home}", "about:blank"]
        with (Path(home) / "log").open("wb") as log:
            child = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield _address(Path(home), child)
        finally:
            child.kill()
            child.wait()


def _address(home, child):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert child.poll() is None, (home / "log").read_text()
        if (place := home / "DevToolsActivePort").exists():
            port, _, path = place.read_text().strip().partition("\n")
            if path:
                return f"ws://127.0.0.1:{port}{path}"
        time.sleep(0.05)
    raise AssertionError((home / "log").read_text())


@contextmanager
def tab(browser):
    """A Page, in which nothing is left of those before it: to start a browser for each takes longer
    than most tests."""
    patient = {"open_timeout": PATIENCE, "ping_interval": None}
    with connect(browser, max_size=None, proxy=None, **patient) as socket:
        do = partial(_do, socket, itertools.count(-1, -1))
        place = do("Target.createBrowserContext")["browserContextId"]
        where = {"browserContextId": place, "width": WIDTH, "height": HEIGHT}
        target = do("Target.createTarget", url="about:blank", **where)["targetId"]
        session = do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        yield Page(socket, session)
        do("Target.disposeBrowserContext", browserContextId=place)


def _do(socket, ids, method, **parameters):
    id = next(ids)
    socket.send(json.dumps({"id": id, "method": method, "params": parameters}))
    while (answer := json.loads(socket.recv(PATIENCE))).get("id") != id:
        pass
    return answer["result"]
