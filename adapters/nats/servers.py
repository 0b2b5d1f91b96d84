"""SOUK_NATS_URL, taken apart: the client takes several servers as a list, and credentials as they
are, not as a URL has to write them."""

import re
from typing import Any
from urllib.parse import unquote, urlsplit

SCHEMES = ("nats", "tls", "ws", "wss")
_NEXT = re.compile(r",\s*(?=(?:nats|tls|wss?)://)")


def servers(url: str) -> dict[str, Any]:
    """What `nats.connect` is told: ``servers``, and ``user`` and ``password``, or ``token``, of the
    first that has any. Raises ValueError."""
    found: list[str] = []
    credentials: dict[str, str] = {}
    for text in _NEXT.split(url):
        parts = urlsplit(text if "://" in text else f"nats://{text}")
        said, _, hosts = parts.netloc.rpartition("@")
        if parts.scheme not in SCHEMES:
            raise ValueError("no scheme of NATS")
        if parts.scheme in ("nats", "tls") and "@" in parts.path + parts.query + parts.fragment:
            raise ValueError("what comes before an @ is cut off")
        credentials = credentials or _credentials(said)
        for host in hosts.split(","):  # which a password may have, and no host has
            one = parts._replace(netloc=host.strip())
            if one.hostname is None or one.port == 0:
                raise ValueError("no host, or no port")
            found.append(one.geturl())
    return {"servers": found, **credentials}


def _credentials(said: str) -> dict[str, str]:
    user, divided, password = said.partition(":")
    if divided:
        return {"user": unquote(user), "password": unquote(password)}
    return {"token": unquote(user)} if user else {}
