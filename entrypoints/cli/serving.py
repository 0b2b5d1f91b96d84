"""Granian, set up as measured: one runtime thread, uvloop, HTTP/1."""

import gc

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops

from adapters.live.listening import BACKLOG, looked, room
from entrypoints.logs import handler

APP = "entrypoints.http.app:create"
# Of one worker, idle ones too, each up to 60 KiB: who comes beyond them is not answered at all.
CONNECTIONS = 4_096
KILL = 10  # seconds that a worker has to finish its requests
# Its own lines, of every process, as all others are.
LOGS = {
    "handlers": {"lines": {"()": handler}},
    "loggers": {"_granian": {"handlers": ["lines"], "propagate": False}},
}


def serve(host: str, port: int, workers: int) -> None:
    """Until SIGTERM. The workers read their settings from the environment. Raises Unbound."""
    port = looked(host, port)
    gc.disable()  # as they begin, too, until what they import is there
    Granian(
        APP,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=workers,
        runtime_threads=1,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        backlog=BACKLOG,
        backpressure=room(CONNECTIONS),
        factory=True,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL,
        log_access=False,
        log_dictconfig=LOGS,
    ).serve()
