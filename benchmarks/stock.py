"""The peer of most rows: the `eventsourcing` library as it comes, on the same Postgres."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from psycopg.conninfo import conninfo_to_dict

from benchmarks.loops import closed_threads
from benchmarks.work import Figures, Site

THREADS = 8  # where it is fastest
NAME = f"eventsourcing, {THREADS} threads"
AT_ONCE = 200  # events in one save: thousands make its recorder hang
TEXT = "Hand-made, dishwasher safe; ships in two days from the seller."


def env(site: Site, connections: int = THREADS + 1) -> dict[str, str]:
    """Its settings; all but where the server is are its defaults."""
    at = conninfo_to_dict(site.postgres)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(at["dbname"]),
        "POSTGRES_HOST": str(at["host"]),
        "POSTGRES_PORT": str(at["port"]),
        "POSTGRES_USER": str(at["user"]),
        "POSTGRES_PASSWORD": str(at.get("password", "none")),
        "POSTGRES_POOL_SIZE": str(connections),
        "POSTGRES_MAX_OVERFLOW": "0",
        "POSTGRES_CONNECT_TIMEOUT": "30",
    }


class Listing(Aggregate):
    @event("Created")
    def __init__(self, seller: str, name: str, slug: str, category: str, price: int) -> None:
        self.seller, self.name, self.slug, self.category = seller, name, slug, category
        self.price, self.currency = price, "DZD"
        self.product_type, self.brand, self.description = "set", "Atelier", TEXT

    @event("PriceChanged")
    def change_price(self, old: int, new: int, reason: str) -> None:
        self.price = new


class Cart(Aggregate):
    @event("Opened")
    def __init__(self, owner: str) -> None:
        self.owner = owner


class Market(Application[UUID]):
    def open(self) -> UUID:
        cart = Cart("amina")
        self.save(cart)
        return cart.id

    def create(self) -> UUID:
        listing = new_listing()
        self.save(listing)
        return listing.id

    def reprice(self, id: UUID) -> None:
        listing: Listing = self.repository.get(id)
        listing.change_price(listing.price, listing.price + 1, "season")
        self.save(listing)


def new_listing() -> Listing:
    name = "Ceramic pour-over coffee set, 4 pieces"
    slug = f"coffee-set-{time.perf_counter_ns()}"
    return Listing("karim", name, slug, "home/kitchen/coffee", 459_900)


A = TypeVar("A", bound=Application[UUID])


@contextmanager
def application(site: Site, kind: type[A], connections: int = THREADS + 1) -> Iterator[A]:
    with closing(kind(env=env(site, connections))) as running:
        yield running


def load(
    site: Site,
    make: Callable[[Market, int], Callable[[], Any]],
) -> Figures:
    """A closed loop of 8 threads; ``make(market, number)`` is each one's operation."""
    with application(site, Market) as running:
        return closed_threads(THREADS, site.seconds, lambda number: make(running, number))
