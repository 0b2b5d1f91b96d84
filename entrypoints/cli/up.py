"""`souk up`: everything, from nothing, in one command."""

import asyncio
import signal
import sys
from pathlib import Path

import click

from adapters.embedded.ports import LOOPBACK, free_ports, is_free
from entrypoints import logs
from entrypoints.cli.failures import Refusal
from entrypoints.cli.running import Running
from entrypoints.instance import DEFAULT


@click.command()
@click.option(
    "--data-dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT,
    show_default=True,
    help="Where everything is kept.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="0: any free one.",
)
@click.option("--empty", is_flag=True, help="Without the fictional marketplace.")
def up(directory: Path, port: int, empty: bool) -> None:
    """Start servers, API, projector and policies, until Ctrl-C.

    Servers named by SOUK_POSTGRES_URL, SOUK_VALKEY_URL, SOUK_NATS_URL or SOUK_S3_URL are used
    instead of own ones.

    \b
    Example:
      souk up --data-dir /tmp/souk --port 0
    """
    if port and not is_free(port):
        raise Refusal(f"Port {port} of {LOOPBACK} is taken. Choose another: --port 0 finds one.")
    (chosen,) = (port,) if port else free_ports(1)
    logs.configure("warning")
    asyncio.run(_until_told(Running(directory, chosen, empty)))
    sys.exit(0)


async def _until_told(running: Running) -> None:
    """Runs until SIGINT, SIGTERM or SIGHUP; one is enough, and stopping is not interrupted."""
    loop, work = asyncio.get_running_loop(), asyncio.create_task(running.run())
    told = asyncio.Event()

    def tell() -> None:
        if not told.is_set():
            told.set()
            work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, tell)
    try:
        await work
    except asyncio.CancelledError:
        if not told.is_set():
            raise
