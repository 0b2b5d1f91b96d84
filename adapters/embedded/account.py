"""The unprivileged user that Postgres runs as when Souk runs as root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Give it a file or an empty directory."""
        os.chown(path, self.uid, self.gid)


def unprivileged() -> Account | None:
    """None unless we are root. initdb wants a user that the system knows by name."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "daemon"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise RuntimeError("Postgres needs a user other than root: neither nobody nor daemon exists")
