"""HTTP load: ready requests in a file, sent by load.c on 64 connections, the same for everyone."""

import struct
import subprocess
import time
from collections.abc import Iterable
from tempfile import NamedTemporaryFile

import msgspec
import psutil

from benchmarks import tools
from benchmarks.work import Figures, Site

CONNECTIONS = 64
WARM = 1.5  # seconds, in which Node compiles what is hot


def get(path: str, token: str) -> bytes:
    return _request("GET", path, token, b"")


def post(path: str, token: str, body: object = None, **headers: str) -> bytes:
    """``headers``: more of them, with _ for -."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return _request("POST", path, token, b"" if body is None else msgspec.json.encode(body), more)


def _request(method: str, path: str, token: str, body: bytes, more: str = "") -> bytes:
    if method == "POST":
        more += f"Content-Length: {len(body)}\r\n"
        more += "Content-Type: application/json\r\n" if body else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n{more}"
    return head.encode() + b"\r\n" + body


def send(site: Site, port: int, requests: Iterable[bytes], once: bool) -> Figures:
    """``once``: no request is sent twice. Raises RuntimeError when an answer is not 2xx."""
    with NamedTemporaryFile(dir=site.folder) as file:
        for request in requests:
            file.write(struct.pack("=I", len(request)) + request)
        file.flush()
        warm = warming(site)
        numbers = str(port), str(CONNECTIONS), str(warm), str(site.seconds)
        command = [
            str(tools.compiled(site, "load")),
            *numbers,
            file.name,
            "once" if once else "again",
        ]
        done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    figures = msgspec.json.decode(done.stdout, type=dict[str, float])
    if figures["bad"] or figures["lost"]:
        raise RuntimeError(f"{done.stdout} {done.stderr[-2000:]}")
    return figures


def busy(process: subprocess.Popen[bytes]) -> float:
    """Seconds of CPU that a process has had so far, by the clock that Linux keeps of it."""
    return time.clock_gettime((~process.pid << 3) | 2)


def warming(site: Site) -> float:
    return min(WARM, site.seconds)


def resident(process: subprocess.Popen[bytes]) -> float:
    """Megabytes of a process and its children; what they share is counted once."""
    root = psutil.Process(process.pid)
    family = [root, *root.children(recursive=True)]
    return float(sum(each.memory_full_info().pss for each in family)) / 1e6
