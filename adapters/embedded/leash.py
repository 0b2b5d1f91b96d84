"""Run as a script in front of a child: ties it to its parent, drops root, then becomes it.

A launcher of its own, because code between fork and exec is not safe in a process with threads.
``leash.py PARENT SIGNAL UID GID COMMAND...``: the child gets SIGNAL when process PARENT dies
(Linux; elsewhere the search for orphans at the next start does it), and runs as UID and GID
unless they are -1.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS = 1, 8
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2


def tie(parent: int, number: int) -> None:
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def drop(uid: int, gid: int, command: list[str]) -> None:
    """Become that user; keep the right to walk to the command and its directories if need be.

    A home of root is closed to everyone else, and opening it up is not ours to do.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    paths = [part for part in command if part.startswith("/")]
    if sys.platform == "linux" and not all(os.access(path, os.R_OK) for path in paths):
        keep_reach()


def keep_reach() -> None:
    """Capabilities to pass closed directories, ambient: they outlive the exec."""
    libc = ctypes.CDLL(None)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then their high halves
    libc.capget(header, sets)
    kept = sets[1] & (1 << CAP_DAC_OVERRIDE | 1 << CAP_DAC_READ_SEARCH)
    sets[0] = sets[1] = sets[2] = kept
    libc.capset(header, sets)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def main() -> None:
    parent, number, uid, gid, *command = sys.argv[1:]
    os.setsid()  # Ctrl-C at the terminal is for the parent, which stops its children in order
    if int(uid) >= 0:
        drop(int(uid), int(gid), command)
    tie(int(parent), int(number))  # after the drop: changing users unties
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
