"""Souk's processes beside the one that measures: the projector, and whoever else runs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.tokens.signing import new_key
from benchmarks.market import MASTER, SECRET
from benchmarks.work import Site
from entrypoints.settings import Settings, to_env

ROOT = Path(__file__).parents[1]


def settings(site: Site, key: str | None = None) -> Settings:
    """``key``: what tokens are signed with, as a PEM."""
    return Settings(
        postgres_url=site.postgres,
        valkey_url=site.valkey,
        nats_url=site.nats,
        s3_url="http://127.0.0.1:9/",
        master_key=MASTER,
        signing_key_pem=key or new_key(),
        secret=SECRET,
    )


@contextmanager
def running(given: Settings, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """`souk <words>` as a child, until the block is left."""
    environment = os.environ | to_env(given) | {"LOG_LEVEL": "warning"}
    command = [sys.executable, "-m", "entrypoints.cli", *words]
    child = subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
