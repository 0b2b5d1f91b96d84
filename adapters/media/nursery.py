"""The warm process that jobs are forked of: it has loaded everything and read no source.

Each job is a process of its own, so none sees what another left. The nursery kills it, and all
of its session, when its time is up or nobody waits for it any more.
"""

import gc
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module

import msgspec

from adapters.media.confinement import confine, small_stacks
from adapters.media.report import LONGEST, REPORT, UNCONFINED, Ended, Limits, Made, Order, Refusal

Making = Callable[[Order], Made | Refusal]
DECODER = msgspec.json.Decoder(Order)
ENCODER = msgspec.json.Encoder()


@dataclass
class Running:
    pid: int
    watched: int  # a descriptor of the process: readable when it ended
    report: socket.socket
    until: float
    cpu: int
    late: bool = False

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


class Nursery:
    def __init__(self, control: socket.socket, making: Making) -> None:
        self._control = control
        self._making = making
        self._jobs: dict[int, Running] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ, self._start)

    def run(self) -> None:
        """Until nobody holds the other end of the control."""
        with suppress(EOFError):
            while True:
                for key, _ in self._selector.select(self._patience()):
                    key.data()
                for job in self._jobs.values():
                    self._hurry(job)
        for job in self._jobs.values():
            job.kill()

    def _patience(self) -> float | None:
        now = time.monotonic()
        return min((max(job.until - now, 0.01) for job in self._jobs.values()), default=None)

    def _hurry(self, job: Running) -> None:
        if not job.late and time.monotonic() >= job.until:
            job.late = True
            job.kill()

    def _start(self) -> None:
        message, descriptors, _, _ = socket.recv_fds(self._control, LONGEST, 3)
        if not message:
            raise EOFError
        order = DECODER.decode(message)
        pid = os.fork()
        if pid == 0:
            self._be(order, *descriptors)
        source, spool, report = descriptors
        os.close(source)
        os.close(spool)
        self._watch(pid, socket.socket(fileno=report), order.limits)

    def _watch(self, pid: int, report: socket.socket, limits: Limits) -> None:
        until = time.monotonic() + limits.wall
        job = Running(pid, os.pidfd_open(pid), report, until, limits.cpu)
        self._jobs[pid] = job
        self._selector.register(job.watched, selectors.EVENT_READ, lambda: self._bury(job))
        self._selector.register(report, selectors.EVENT_READ, lambda: self._abandon(job))

    def _abandon(self, job: Running) -> None:
        """Who waited has closed the other end; perhaps it ended in the same moment."""
        if job.pid in self._jobs:
            self._selector.unregister(job.report)
            job.kill()

    def _bury(self, job: Running) -> None:
        _, status, used = os.wait4(job.pid, 0)
        how = os.waitstatus_to_exitcode(status)
        # What it has used may be told a little short of what it was ended for.
        late = job.late or how == -signal.SIGXCPU or used.ru_utime + used.ru_stime >= job.cpu
        ended = Ended(how, late)
        with suppress(OSError):
            job.report.send(ENCODER.encode(ended))
        with suppress(KeyError):
            self._selector.unregister(job.report)
        self._selector.unregister(job.watched)
        os.close(job.watched)
        job.report.close()
        del self._jobs[job.pid]

    def _be(self, order: Order, source: int, spool: int, report: int) -> None:
        """The job itself. It never returns, and leaves nothing to be cleared up."""
        try:
            confine(source, spool, report, order.limits)
        except BaseException:
            os._exit(UNCONFINED)
        try:
            os.write(REPORT, ENCODER.encode(self._making(order)))
        finally:
            os._exit(0)


def main(descriptor: int, making: str) -> None:
    """``making``: a module with ``settle()`` and ``made(order)``."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # it ends when its parent does
    small_stacks()
    module = import_module(making)
    module.settle()
    gc.collect()
    gc.freeze()
    Nursery(socket.socket(fileno=descriptor), module.made).run()
