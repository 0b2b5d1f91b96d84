"""What a job is left with: three descriptors, its limits, and few system calls."""

import ctypes
import fcntl
import os
import resource
import signal

from adapters.media import seccomp
from adapters.media.report import REPORT, SOURCE, SPOOL, Limits

PR_SET_PDEATHSIG = 1
ROOM = 640 * 1024**2  # address space beyond the memory: libraries, stacks, what is only reserved
STACK = 2 * 1024**2
CAPABILITY_VERSION_3 = 0x20080522


def confine(source: int, spool: int, report: int, limits: Limits) -> None:
    """Never to be undone; for a process with one thread. Raises OSError when it cannot be."""
    os.setsid()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
    _descriptors(source, spool, report)
    _limits(limits)
    _powers(libc)
    os.environ.clear()
    seccomp.confine()


def small_stacks() -> None:
    """Of the threads to come: encoders start dozens, and 8 MB for each counts as memory."""
    libc = ctypes.CDLL(None)
    attributes = ctypes.create_string_buffer(128)
    libc.pthread_attr_init(attributes)
    libc.pthread_attr_setstacksize(attributes, ctypes.c_size_t(STACK))
    libc.pthread_setattr_default_np(attributes)


def _descriptors(*given: int) -> None:
    high = [fcntl.fcntl(one, fcntl.F_DUPFD, 16) for one in given]  # above those they are to be
    for number, one in zip((SOURCE, SPOOL, REPORT), high, strict=True):
        os.dup2(one, number)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.closerange(REPORT + 1, 1 << 20)


def _limits(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu, limits.cpu + 1))  # SIGXCPU, then SIGKILL
    for which, most in (
        (resource.RLIMIT_DATA, limits.memory),
        (resource.RLIMIT_AS, limits.memory + ROOM),
        (resource.RLIMIT_FSIZE, limits.written),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 16),
    ):
        resource.setrlimit(which, (most, most))


def _powers(libc: ctypes.CDLL) -> None:
    """Root's are laid down: they would lift the limits."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    libc.capset(header, (ctypes.c_uint32 * 6)())
