"""The reverse proxies of docs/examples, run as they stand there but for addresses."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from adapters.embedded import leash
from tests.support.patience import PATIENCE

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
# Where they are in a distribution, also for who has no /usr/sbin in the path.
PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def program(name):
    return shutil.which(name, path=PLACES)


def nginx(place, port, api, live):
    text = (EXAMPLES / "nginx.conf").read_text()
    for before, after in {
        "127.0.0.1:8000": api,
        "127.0.0.1:8001": live,
        "listen 8080": f"listen 127.0.0.1:{port}",
        "root /srv/souk": f"root {EXAMPLES}",
    }.items():
        assert before in text
        text = text.replace(before, after)
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        text = text.replace("http {", f"http {{\n    {kind}_temp_path {place}/{kind};", 1)
    (place / "nginx.conf").write_text(text)
    start = f"daemon off; pid {place}/pid;"
    if os.geteuid() == 0:
        start += " user root;"  # the test's files are for nobody else
    return [program("nginx"), "-p", place, "-e", "stderr", "-c", place / "nginx.conf", "-g", start]


def caddy(place, port, api, live):
    return [program("caddy"), "run", "--adapter", "caddyfile", "--config", EXAMPLES / "Caddyfile"]


def variables(place, port, api, live):
    return {
        "SOUK_SITE": f"http://127.0.0.1:{port}",
        "SOUK_API": api,
        "SOUK_LIVE": live,
        "SOUK_PAGES": str(EXAMPLES),
        "HOME": str(place),
        "XDG_DATA_HOME": str(place),
        "XDG_CONFIG_HOME": str(place),
    }


PROXIES = {"nginx": nginx, "caddy": caddy}


@contextmanager
def running(name, place, port, api_url, live_url):
    """The proxy before a running Souk; answers its URL."""
    place.mkdir(exist_ok=True)
    api, live = urlsplit(api_url).netloc, urlsplit(live_url).netloc
    front = [sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), "15", "-1", "-1"]
    command = [*front, *map(str, PROXIES[name](place, port, api, live))]
    environment = {**os.environ, **variables(place, port, api, live)}
    with (place / "log").open("wb") as log:
        child = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        _await(url, child, place / "log")
        yield url
    finally:
        child.terminate()
        try:
            child.wait(0.5)
        except subprocess.TimeoutExpired:  # it waits for its last connections
            os.killpg(child.pid, signal.SIGKILL)  # its workers have the port, too
            child.wait()


def _await(url, child, log):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert child.poll() is None, log.read_text()
        try:
            httpx.get(url)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())
