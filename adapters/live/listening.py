"""The sockets that connections come in at, set so that a stalled reader costs little."""

import errno
import resource
import socket
import sys

BACKLOG = 4096  # connections that wait to be accepted, in each queue; kernels give no more
QUEUES = 8  # so that a herd of tens of thousands fits in: who doesn't is held up for seconds
UNSENT = 64 * 1024  # bytes that the kernel keeps for one reader beyond what is on its way
REUSE = sys.platform == "linux"  # elsewhere they would not share what comes in
SPARE = 256  # descriptors that the process needs itself
UNTAKEN = 60_000  # milliseconds after which a network that confirms nothing is dead


class Unbound(OSError):
    """Nobody can listen there; why, in a sentence."""


class Taken(Unbound):
    """Somebody else listens there."""


def room(most: int) -> int:
    """For how many connections there are descriptors, ``most`` at the most. A process is usually
    started with far fewer than it may have: it takes what it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + SPARE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return most if soft == resource.RLIM_INFINITY else min(most, max(soft - SPARE, 1))


def listening(host: str, port: int) -> list[socket.socket]:
    """Several for each address of the host. What connections inherit is set here, once.

    Raises Unbound.
    """
    opened: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            place = str(address[0])
            at = place, _free(family, (place, port or _port(opened)))
            for _ in range(QUEUES if REUSE else 1):
                opened.append(socket.socket(family, socket.SOCK_STREAM))
                _set(opened[-1], family)
                opened[-1].bind(at)
                opened[-1].listen(BACKLOG)
    except (OSError, UnicodeError) as error:
        for each in opened:
            each.close()
        raise _unbound(host, port, error) from error
    return opened


def looked(address: str, port: int) -> int:
    """That port of an IP address, or for 0 any, once nobody is found to listen there: a server
    that shares its port among its workers would share it with strangers too. What is left of
    connections of one that has ended is no hindrance. Raises Unbound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as alone:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind((address, port))
            return int(alone.getsockname()[1])
    except OSError as error:
        raise _unbound(address, port, error) from error


def _unbound(host: str, port: int, error: Exception) -> Unbound:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return Taken(f"Port {port} of {host} is taken.")
    why = error.strerror if isinstance(error, OSError) else "it is no host"
    return Unbound(f"Port {port} of {host} cannot be listened at: {why}.")


def _free(family: int, at: tuple[str, int]) -> int:
    """That port, or any free one. Sockets that share a port would share it with strangers too:
    so one that doesn't share asks for it first."""
    with socket.socket(family, socket.SOCK_STREAM) as alone:
        _plain(alone, family)
        alone.bind(at)
        return int(alone.getsockname()[1])


def _port(opened: list[socket.socket]) -> int:
    return int(opened[0].getsockname()[1]) if opened else 0


def _plain(one: socket.socket, family: int) -> None:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)


def _set(one: socket.socket, family: int) -> None:
    one.setblocking(False)
    _plain(one, family)
    if REUSE:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    for option, value in (("TCP_NOTSENT_LOWAT", UNSENT), ("TCP_USER_TIMEOUT", UNTAKEN)):
        if hasattr(socket, option):  # as not everywhere
            one.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
