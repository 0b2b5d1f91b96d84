"""Whether a URL can be that of a server: a password that is pasted into one may cut it in two.

Whatever the clients take is let through."""

import re
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from adapters.nats.servers import servers

# "postgresql://u:/b@host/db": to libpq a host `u`, and a database `b@host/db`.
_CUT = re.compile(r"postgres(?:ql)?://[^/?]*/[^?]*@[^?]*/")


def is_postgres(url: str) -> bool:
    """Also of several hosts, of a socket's directory, and "host=… dbname=…"."""
    try:
        known = conninfo_to_dict(url)
        ports = [int(port) for port in str(known.get("port") or "").split(",") if port]
    except (psycopg.Error, ValueError):
        return False
    hosts = str(known.get("host") or "").split(",")
    return (
        all(0 < port < 65536 for port in ports)
        and not any("@" in host and host[0] not in "/@" for host in hosts)  # no socket's, either
        and not _CUT.match(url)
    )


def is_valkey(url: str) -> bool:
    parts = _split(url)
    if parts is None or parts.scheme == "unix":
        return parts is not None
    return parts.scheme in ("redis", "rediss") and not _is_cut(parts)


def is_nats(url: str) -> bool:
    """Also of several servers, divided by commas."""
    try:
        return bool(servers(url))
    except ValueError:
        return False


def is_s3(url: str) -> bool:
    parts = _split(url)
    if parts is None or not parts.hostname:
        return False
    return parts.scheme in ("http", "https") and not _is_cut(parts)


def _split(url: str) -> SplitResult | None:
    """None: it cannot be, for one because its port is none."""
    with suppress(ValueError):
        parts = urlsplit(url)
        _ = parts.scheme == "unix" or parts.port  # which raises for one that is none
        return parts
    return None


def _is_cut(parts: SplitResult) -> bool:
    """Whether credentials are where no client reads any."""
    return "@" in parts.path + parts.fragment
