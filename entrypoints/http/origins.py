"""Where a request came from, for the log."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network

from litestar.types import Scope

from application.ports import Origin
from entrypoints.http.edge import header

LONGEST = 200  # characters of an agent that are kept


def origin_of(scope: Scope, trusted: Sequence[str]) -> Origin:
    """``trusted``: the networks of proxies that say whom they speak for."""
    client = scope.get("client")
    peer = client[0] if client else ""
    said = header(scope, b"x-forwarded-for") if trusted and _among(peer, tuple(trusted)) else b""
    agent = header(scope, b"user-agent").decode("latin-1")[:LONGEST]
    return Origin("http", _nearest(peer, said.decode("latin-1"), tuple(trusted)), agent)


def _nearest(peer: str, said: str, trusted: tuple[str, ...]) -> str:
    """The last address that no proxy of ours has; anybody may have written those before it."""
    nearest = peer
    for text in reversed(said.split(",") if said else []):
        address = text.strip()
        if not _is_address(address):
            return nearest
        nearest = address
        if not _among(address, trusted):
            return nearest
    return nearest


@lru_cache(10_000)
def _among(address: str, networks: tuple[str, ...]) -> bool:
    if not _is_address(address):
        return False
    found = ip_address(address)
    return any(found in network for network in map(ip_network, networks))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
