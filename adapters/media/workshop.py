"""The nursery's keeper: starts it, hands it jobs, waits for what they tell."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys

import msgspec

from adapters.media.report import LONGEST, UNCONFINED, Ended, Order, Report

DECODER: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)
ENCODER = msgspec.json.Encoder()
GRACE = 10.0  # seconds beyond a job's own until the nursery itself is given up
BEGIN = (
    "import sys; number, making, *sys.path = sys.argv[1:];"
    "from adapters.media.nursery import main; main(int(number), making)"
)
# A job begins with no memory of its own: in large pieces it comes with a fifth of the faults.
ENVIRONMENT = {
    "VIPS_CONCURRENCY": "2",
    "MALLOC_ARENA_MAX": "2",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.top_pad=33554432",
}


class Workshop:
    """``making``: the module with the work, that of the jobs' processes."""

    def __init__(self, making: str = "adapters.media.making") -> None:
        self._making = making
        self._nursery: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """Of the warm process, whose children are the jobs."""
        return self._nursery.pid if self._nursery else None

    async def work(self, order: Order, source: int, spool: int) -> Report:
        """What the job tells, or that it died. Raises OSError when it could not be done here."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours, theirs:
            ours.setblocking(False)
            self._hand(ENCODER.encode(order), [source, spool, theirs.fileno()])
            theirs.close()
            return await self._told(ours, order)

    async def _told(self, ours: socket.socket, order: Order) -> Report:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(order.limits.wall + GRACE):
                message = await loop.sock_recv(ours, LONGEST)
        except TimeoutError:
            message = b""
        if not message:
            self.close()
            raise OSError("the process that renders died; the next job starts another")
        return _read(message)

    def _hand(self, message: bytes, descriptors: list[int]) -> None:
        if self._nursery is None or self._nursery.poll() is not None:
            self._start()
        assert self._control is not None
        socket.send_fds(self._control, [message], descriptors)

    def _start(self) -> None:
        self.close()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        number = theirs.fileno()
        command = [sys.executable, "-I", "-c", BEGIN, str(number), self._making, *sys.path]
        with theirs:
            self._nursery = subprocess.Popen(  # noqa: S603 - our own command
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=ENVIRONMENT,
                cwd="/",
                pass_fds=(number,),
                start_new_session=True,
            )

    def close(self) -> None:
        """End it with all its jobs; whoever waits for one is told so."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._nursery is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._nursery.pid, signal.SIGKILL)
            self._nursery.wait()
            self._nursery = None


def _read(message: bytes) -> Report:
    """A job that tells nonsense is taken for dead."""
    try:
        report = DECODER.decode(message)
    except msgspec.DecodeError:
        return Ended(0, False)
    if isinstance(report, Ended) and report.status == UNCONFINED:
        raise OSError("a job could not be confined on this machine, so nothing was read")
    return report
