"""Run as a script in front of a child: ties it to its parent, drops root, then becomes it.

A launcher of its own, because code between fork and exec is not safe in a process with threads.
``leash.py PARENT SIGNAL UID GID COMMAND...``: the child gets SIGNAL when process PARENT dies
(Linux; elsewhere the search for orphans at the next start does it), and runs as UID and GID
unless they are -1.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def tie(parent: int, number: int) -> None:
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def drop(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def main() -> None:
    parent, number, uid, gid, *command = sys.argv[1:]
    os.setsid()  # Ctrl-C at the terminal is for the parent, which stops its children in order
    if int(uid) >= 0:
        drop(int(uid), int(gid))
    tie(int(parent), int(number))  # after the drop: changing users unties
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
