"""What is measured: one work, done by Souk and by a peer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from msgspec import Struct

from benchmarks.figures import Figure


class Site(Struct, frozen=True):
    """What one run has to itself.

    ``postgres``: the URL of a database that nobody else uses. ``folder``: to keep files in;
    ``tools``: what peers are installed into. ``seconds``: how long to measure. ``scale``: of
    what databases are filled with.
    """

    postgres: str
    valkey: str
    nats: str
    folder: str
    tools: str
    seconds: float
    scale: float = 1.0

    def some(self, number: int) -> int:
        """So many streams, or a part of them when only trying whether all this runs."""
        return max(min(number, 100), int(number * self.scale))


Figures: TypeAlias = Mapping[str, float]
Side: TypeAlias = Callable[[Site], Figures]
Before: TypeAlias = Callable[[Site], None]


class Absent(Exception):
    """A peer, or what a work is done on, is not here; the message says why."""


@dataclass(frozen=True)
class Work:
    """``figures``: the rows, by the key that both sides report them under.

    ``souk`` and ``peer`` measure once, each in a fresh process on a fresh database, which is a
    copy of what ``souk_before`` or ``peer_before`` filled. Souk's databases are migrated; a
    peer's are empty. ``install``: makes the peer ready, or raises Absent. ``ready``: raises
    Absent when the work cannot be measured at all.
    """

    name: str
    figures: Mapping[str, Figure]
    souk: Side
    peer: Side | None = None
    peer_name: str = ""
    souk_before: Before | None = None
    peer_before: Before | None = None
    install: Callable[[Site], object] | None = None
    ready: Callable[[], object] | None = None
    peer_is_souk: bool = False  # in another setting, so it needs a migrated database too
