"""The system calls that a job may make, as a filter of the Linux kernel: it needs no privilege.

A list of what is allowed: memory, threads, clocks, and the descriptors it has. It opens no
file and no socket, starts no process and signals none. All else fails with EPERM, which the
libraries take as an answer (they look for the number of processors, and the like).
"""

import ctypes
import errno
import os
import platform
import struct

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2
LOAD, EQUAL, ANY_BIT, AT_LEAST, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
ALLOW, DENY, KILL = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x80000000
UNKNOWN = 0x00050000 | errno.ENOSYS
NUMBER, ARCH, ARGUMENTS = 0, 4, 16  # offsets in the data that the filter sees
CLONE_THREAD, PROT_EXEC, PR_SET_NAME = 0x00010000, 4, 15
X32 = 0x40000000  # the bit of the other call table of x86_64

PLAIN = {  # by name: the number on x86_64, on aarch64
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "lseek": (8, 62),
    "munmap": (11, 215), "brk": (12, 214), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "pread64": (17, 67),
    "pwrite64": (18, 68), "readv": (19, 65), "writev": (20, 66), "sched_yield": (24, 124),
    "mremap": (25, 216), "madvise": (28, 233), "dup": (32, 23), "nanosleep": (35, 101),
    "getpid": (39, 172), "exit": (60, 93), "uname": (63, 160), "ftruncate": (77, 46),
    "gettimeofday": (96, 169), "getrusage": (98, 165), "sysinfo": (99, 179),
    "times": (100, 153), "sigaltstack": (131, 132), "gettid": (186, 178), "futex": (202, 98),
    "sched_getaffinity": (204, 123), "restart_syscall": (219, 128),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115),
    "exit_group": (231, 94), "set_robust_list": (273, 99), "getcpu": (309, 168),
    "getrandom": (318, 278), "membarrier": (324, 283), "rseq": (334, 293),
}  # fmt: skip
MMAP, MPROTECT, CLONE = (9, 222), (10, 226), (56, 220)
PRCTL, TGKILL, PRLIMIT, CLONE3 = (157, 167), (234, 131), (302, 261), (435, 435)
FCNTL, FSTATAT, AT_EMPTY_PATH = (72, 25), (262, 79), 0x1000
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
HARMLESS = (1, 2, 3, 4)  # fcntl: F_GETFD, F_SETFD, F_GETFL, F_SETFL
DUPLICATES = (0, 1030)  # F_DUPFD, F_DUPFD_CLOEXEC


def confine() -> None:
    """From now on, for this process and its threads, for ever. Raises OSError."""
    code = _program(*MACHINES[platform.machine()], os.getpid())
    libc = ctypes.CDLL(None, use_errno=True)
    kept = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(kept))
    for call in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, FILTER, program, 0, 0)):
        numbers = (part if isinstance(part, bytes) else ctypes.c_ulong(part) for part in call[1:])
        if libc.prctl(call[0], *numbers) != 0:
            raise OSError(ctypes.get_errno(), "the kernel takes no filter of system calls")


def _program(column: int, machine: int, pid: int) -> bytes:
    """Instructions of 8 bytes each: code, two jumps, a constant."""

    def when(call: tuple[int, int], argument: int, *test: bytes) -> bytes:
        """The call is allowed or not by ``test`` of the low half of one argument."""
        body = _load(ARGUMENTS + 8 * argument) + b"".join(test)
        return _jump(EQUAL, call[column], 0, len(body) // 8) + body

    plain = b"".join(_only(EQUAL, numbers[column], ALLOW) for numbers in PLAIN.values())
    return b"".join(
        (
            _load(ARCH), _unless(EQUAL, machine, KILL), _load(NUMBER), _only(AT_LEAST, X32, KILL),
            plain,
            _only(EQUAL, CLONE3[column], UNKNOWN),  # the C library then asks for clone
            when(CLONE, 0, _only(ANY_BIT, CLONE_THREAD, ALLOW), _return(DENY)),
            when(MMAP, 2, _only(ANY_BIT, PROT_EXEC, DENY), _return(ALLOW)),
            when(MPROTECT, 2, _only(ANY_BIT, PROT_EXEC, DENY), _return(ALLOW)),
            when(PRCTL, 0, _only(EQUAL, PR_SET_NAME, ALLOW), _return(DENY)),
            when(TGKILL, 0, _only(EQUAL, pid, ALLOW), _return(DENY)),
            when(PRLIMIT, 0, _only(EQUAL, 0, ALLOW), _return(DENY)),
            when(FSTATAT, 3, _only(ANY_BIT, AT_EMPTY_PATH, ALLOW), _return(DENY)),
            when(FCNTL, 1, *(_only(EQUAL, of, ALLOW) for of in HARMLESS + DUPLICATES)),
            _return(DENY),
        )
    )  # fmt: skip


def _load(offset: int) -> bytes:
    return struct.pack("HBBI", LOAD, 0, 0, offset)


def _jump(test: int, value: int, when: int, otherwise: int) -> bytes:
    return struct.pack("HBBI", 0x05 | test, when, otherwise, value)


def _return(what: int) -> bytes:
    return struct.pack("HBBI", RETURN, 0, 0, what)


def _only(test: int, value: int, what: int) -> bytes:
    return _jump(test, value, 0, 1) + _return(what)


def _unless(test: int, value: int, what: int) -> bytes:
    return _jump(test, value, 1, 0) + _return(what)
