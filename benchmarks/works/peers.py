"""One-event commands beside other event stores, 32 in flight each."""

import os
import subprocess
from tempfile import TemporaryDirectory

import msgspec

from benchmarks import tools
from benchmarks.figures import Figure
from benchmarks.market import BUYER
from benchmarks.work import Figures, Side, Site, Work
from benchmarks.works.commands import opening
from domain.carts import CartOpened

CALLERS = 32


def emmett(site: Site) -> Figures:
    """On the same Postgres."""
    folder = tools.npm(site, "emmett")
    return _told(site, "node", str(folder / "append.mjs"), str(CALLERS), str(site.seconds))


def umadb(site: Site) -> Figures:
    """A server with a store of its own, on the same disk."""
    script = str(tools.HERE / "peers" / "umadb" / "append.py")
    with TemporaryDirectory(dir=site.folder) as folder:
        options = str(CALLERS), str(site.seconds), folder
        return _told(site, str(tools.python(site)), script, *options)


def _told(site: Site, *command: str) -> Figures:
    body = msgspec.json.encode(CartOpened(BUYER)).decode()
    environment = os.environ | {"BENCH_POSTGRES": site.postgres, "BENCH_BODY": body}
    environment |= {"DUMBO_LOG_LEVEL": "DISABLED"}
    done = subprocess.run(  # noqa: S603
        command, env=environment, capture_output=True, text=True, timeout=60 + 2 * site.seconds
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"{command[0]} says: {(done.stdout + done.stderr)[-2000:]}")
    return msgspec.json.decode(lines[-1], type=dict[str, float])


def _work(name: str, peer: Side, reach: float) -> Work:
    figures = {"rate": Figure(f"a cart opened, 32 in flight, beside {name}", "commands/s", reach)}
    install = {"emmett": lambda site: tools.npm(site, "emmett"), "umadb": tools.python}[name]
    return Work(
        f"beside-{name}",
        figures,
        opening(CALLERS),
        peer,
        f"{name}, {CALLERS} in flight",
        install=install,
    )


WORKS = (_work("emmett", emmett, 10), _work("umadb", umadb, 2.5))
