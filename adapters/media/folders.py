"""Where a source and what is made of it lie while a worker is at them."""

import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

PREFIX = "souk-media-"  # then the process and a dash


def folder() -> tempfile.TemporaryDirectory[str]:
    sweep()
    return tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-")


@cache
def sweep() -> None:
    """Remove what was left by workers that were killed: people's originals.

    Once, before this process has a folder: what bears its number is of one before it, as in
    containers, where each worker's is the same.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        process = left.name.removeprefix(PREFIX).partition("-")[0]
        if process == str(os.getpid()) or not Path("/proc", process).exists():
            shutil.rmtree(left, ignore_errors=True)
