"""The sockets that connections come in at, set so that a stalled reader costs little."""

import socket

BACKLOG = 4096
UNSENT = 64 * 1024  # bytes that the kernel keeps for one reader beyond what is on its way
UNTAKEN = 60_000  # milliseconds after which a network that confirms nothing is dead


def listening(host: str, port: int) -> list[socket.socket]:
    """One for each address of the host. What connections inherit is set here, once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    opened: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            opened.append(socket.socket(family, kind, protocol))
            _set(opened[-1], family)
            at = address if port or len(opened) == 1 else (address[0], _port(opened[0]))
            opened[-1].bind(at)
            opened[-1].listen(BACKLOG)
    except OSError:
        for each in opened:
            each.close()
        raise
    return opened


def _set(one: socket.socket, family: int) -> None:
    one.setblocking(False)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    for option, value in (("TCP_NOTSENT_LOWAT", UNSENT), ("TCP_USER_TIMEOUT", UNTAKEN)):
        if hasattr(socket, option):  # as not everywhere
            one.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _port(one: socket.socket) -> int:
    return int(one.getsockname()[1])
