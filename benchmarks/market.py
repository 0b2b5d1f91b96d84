"""Souk's side: a log, the commands on it, and a marketplace to trade in."""

import asyncio
import gc
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID, uuid4, uuid5

import uvloop
from msgspec.structs import replace

from adapters.log.log import PostgresLog
from application.commands import Commands
from application.ports import Answer, Call, Key, Origin, Receipt
from application.work import Work
from benchmarks.work import Site
from domain.catalog import CreateProduct, Describing
from domain.kernel import Decider
from domain.money import Money

T = TypeVar("T")
MASTER = b"\1" * 32
SECRET = b"\2" * 32
TENANT, BUYER = "bench", "amina"
NAMES = UUID(int=7)
AT_ONCE = 256  # commands under way while a database is filled


def on_loop(main: Coroutine[Any, Any, T]) -> T:
    """Runs on the loop that the API's workers run on."""
    return uvloop.run(main)


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[tuple[PostgresLog, Commands]]:
    """A log as a process of the API opens it, its garbage collector set as there."""
    async with PostgresLog(site.postgres, MASTER) as log:
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 50, 100)
        yield log, Commands(log)


def call(actor: str = BUYER) -> Call:
    id = uuid4()
    return Call(TENANT, actor, id, id)


def keyed(route: str, actor: str = BUYER) -> Call:
    """A call with a fresh idempotency key, as the API makes it of a request."""
    made = call(actor)
    sent = hmac.digest(SECRET, BODY, hashlib.sha256)
    key = Key(actor, route, str(made.command_id), sent)
    return replace(made, key=key, origin=Origin("http", "192.0.2.7", "bench/1"))


BODY = b"/api/v1/catalog/products\0" + b"x" * 300  # what the request's HMAC is made of


def id_of(kind: str, number: int) -> str:
    """The same in every process."""
    return str(uuid5(NAMES, f"{kind}/{number}"))


async def do(commands: Commands, decider: Decider, id: str, *wanted: Any) -> None:
    """Several commands to one aggregate in one append."""

    async def attempt(work: Work) -> Answer:
        for command in wanted:
            await work.decide(decider, id, command)
        return work.receipt(decider, id)

    await commands.run(call(), Receipt, attempt)


async def each(things: Iterable[T], act: Callable[[T], Awaitable[object]]) -> None:
    """``act`` on all of them, so many at once."""
    left = iter(things)

    async def worker() -> None:
        for thing in left:
            await act(thing)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


def listing(seller: str, number: str) -> CreateProduct:
    """A product as sellers write them: about 300 bytes of JSON."""
    text = "Hand-made, dishwasher safe; ships in two days from the seller."
    described = Describing(
        name="Ceramic pour-over coffee set, 4 pieces",
        slug=f"coffee-set-{number}",
        category="home/kitchen/coffee",
        product_type="set",
        brand="Atelier",
        description=text,
    )
    return CreateProduct(seller, described, Money(459_900, "DZD"))
