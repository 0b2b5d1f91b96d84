"""The process roles: `souk api`, `souk projector`, `souk policies`, `souk live`,
`souk worker`."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address
from pathlib import Path

import click

from adapters.live.listening import Taken, Unbound
from entrypoints import logs
from entrypoints.cli.failures import Refusal
from entrypoints.cli.options import data_dir
from entrypoints.cli.starting import kept
from entrypoints.instance import find
from entrypoints.proving import proven
from entrypoints.settings import to_env


def address(context: click.Context, option: click.Parameter, value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise click.BadParameter("must be an IP address, such as 127.0.0.1 or ::") from None


@contextmanager
def listening() -> Iterator[None]:
    """Around a role that listens. Raises Refusal where it cannot."""
    try:
        yield
    except Taken as taken:
        raise Refusal(f"{taken} Choose another: --port 0 finds one.") from taken
    except Unbound as unbound:
        raise Refusal(str(unbound)) from unbound


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, callback=address)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes that answer.",
)
@data_dir
def api(host: str, port: int, workers: int, directory: Path | None) -> None:
    """Serve the HTTP API.

    \b
    Example:
      souk api --host 0.0.0.0 --port 8000 --workers 2
    """
    with kept():
        from entrypoints.cli.serving import serve

    settings = find(directory)
    os.environ.update(to_env(settings))
    with proven(settings, lays=True), listening():
        serve(host, port, workers)


@click.command()
@data_dir
def projector(directory: Path | None) -> None:
    """Fold events into read tables and counters, and push the changes.

    A second one stands by.

    \b
    Example:
      souk projector
    """
    with kept():
        from adapters.projector.projector import Projector
        from projections import PROJECTIONS

    settings = find(directory)
    logs.configure()
    role = Projector(
        settings.postgres_url,
        settings.nats_url,
        settings.valkey_url,
        PROJECTIONS,
        master=settings.master_key,
    )
    with proven(settings):
        asyncio.run(until_stopped(role.run))


@click.command()
@data_dir
def policies(directory: Path | None) -> None:
    """React to events with commands, fire timers, bring gathered views into the log, and publish
    Merkle roots of it. A second one stands by.

    \b
    Example:
      souk policies
    """
    with kept():
        from adapters.engagement.gathering import Gathering
        from adapters.engagement.watched import SLOW, Watched
        from adapters.log.log import PostgresLog
        from adapters.media.objects import Objects
        from adapters.policies.runner import PolicyRunner
        from adapters.roots.outlets import Outlet, Shelf, Wire
        from adapters.roots.publisher import Publisher

    settings = find(directory)
    logs.configure()

    async def run(stop: asyncio.Event) -> None:
        url, watched = settings.postgres_url, Watched(settings.valkey_url, SLOW)
        objects, wire = Objects(settings.s3_url), Wire(settings.nats_url)
        outlets: list[Outlet] = [wire, *([Shelf(objects)] if settings.s3_url else [])]
        roots = Publisher(url, outlets, settings.roots_key_pem, settings.roots_every)
        async with PostgresLog(url, settings.master_key) as log, asyncio.TaskGroup() as group:
            group.create_task(PolicyRunner(url, log).run(stop))
            group.create_task(Gathering(url, log, watched).run(stop))
            group.create_task(roots.run(stop))
        await watched.close()
        await wire.close()
        objects.close()

    with proven(settings):
        asyncio.run(until_stopped(run))


@click.command()
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="Uploads that are rendered at once.",
)
@data_dir
def worker(concurrency: int, directory: Path | None) -> None:
    """Render uploaded images and videos. Any number of them share the work.

    \b
    Example:
      souk worker --concurrency 4
    """
    with kept():
        from adapters.log.log import PostgresLog
        from adapters.media.objects import Objects
        from adapters.media.worker import Worker

    settings = find(directory)
    logs.configure()

    async def run(stop: asyncio.Event) -> None:
        objects = Objects(settings.s3_url)
        async with PostgresLog(settings.postgres_url, settings.master_key) as log:
            await Worker(settings.postgres_url, log, objects, concurrency).run(stop)
        objects.close()

    with proven(settings):
        asyncio.run(until_stopped(run))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True)
@data_dir
def live(host: str, port: int, directory: Path | None) -> None:
    """Push changes to WebSockets and event streams. Each process serves thousands.

    \b
    Example:
      souk live --host 0.0.0.0 --port 8001
    """
    with kept():
        from entrypoints.live.serving import serve

    settings = find(directory)
    logs.configure()
    with proven(settings), listening():
        asyncio.run(until_stopped(partial(serve, settings, host, port)))


async def until_stopped(run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run a role until SIGTERM or SIGINT, and let it finish what it is at."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run(stop)
