"""`souk up`: everything, from nothing, in one command."""

import asyncio
import signal
import sys
from pathlib import Path

import click

from adapters.embedded.ports import LOOPBACK, free_ports, is_free, take_ports
from entrypoints import logs
from entrypoints.cli.failures import Refusal
from entrypoints.cli.running import Running
from entrypoints.instance import DEFAULT

NEAR = 100  # ports after the API's that are tried for the gateway


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
@click.option(
    "--live-port",
    type=click.IntRange(0, 65535),
    help="Of the live gateway. Default: the next free one.",
)
@click.option("--empty", is_flag=True, help="Without the fictional marketplace.")
def up(directory: Path, port: int, live_port: int | None, empty: bool) -> None:
    """Start servers, API, live gateway, projector, policies and worker, until Ctrl-C.

    Servers named by SOUK_POSTGRES_URL, SOUK_VALKEY_URL, SOUK_NATS_URL or SOUK_S3_URL are used
    instead of own ones.

    \b
    Example:
      souk up --data-dir /tmp/souk --port 0
    """
    for option, wanted in (("--port", port), ("--live-port", live_port)):
        if wanted and not is_free(wanted):
            reason = f"Port {wanted} of {LOOPBACK} is taken."
            raise Refusal(f"{reason} Choose another: {option} 0 finds one.")
    chosen, live = _ports(port, live_port)
    take_ports(chosen, live)
    logs.configure("warning")
    asyncio.run(_until_told(Running(directory, chosen, live, empty)))
    sys.exit(0)


def _ports(port: int, live_port: int | None) -> tuple[int, int]:
    """Of the API and of the live gateway: free ones where none is asked for."""
    some = iter(free_ports(2))
    chosen = port or next(some)
    if live_port is None and port:
        after = range(port + 1, min(port + NEAR, 65536))
        live_port = next((near for near in after if is_free(near)), 0)
    return chosen, live_port or next(some)


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
