"""Processes that outlived a killed souk: found by record and by mark, ended before a start.

Never a second writer on one directory: Valkey and NATS don't lock theirs.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress

import psutil

from adapters.embedded.home import MARK, Home

SKEW = 2.0  # seconds that a start time may seem to move when the clock is set
BOUND = 8.0  # seconds to end politely


def end_orphans(home: Home) -> list[str]:
    """End them; answers their names. Call it only while holding the directory."""
    found = list({*_recorded(home), *_marked(home)})
    for process in found:
        with suppress(psutil.Error):
            process.terminate()
    _, stubborn = psutil.wait_procs(found, timeout=BOUND)
    for process in stubborn:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(stubborn, timeout=BOUND)
    for record in home.folder("run").glob("*.json"):
        record.unlink()
    return sorted(str(process.pid) for process in found)


def _recorded(home: Home) -> Iterator[psutil.Process]:
    for path in home.folder("run").glob("*.json"):
        with suppress(psutil.Error, ValueError, KeyError):
            record = json.loads(path.read_text())
            process = psutil.Process(record["pid"])
            same_start = abs(process.create_time() - record["started"]) < SKEW
            if same_start and _is(process, record["command"]):
                yield process


def _is(process: psutil.Process, command: list[str]) -> bool:
    """The leash in front shows the same words after its own."""
    return process.cmdline()[-len(command) :] == command


def _marked(home: Home) -> Iterator[psutil.Process]:
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid not in ours and process.environ().get(MARK) == str(home.path):
                yield process
