"""Runs a history through the same commands as the API, and can be stopped and run again."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from msgspec import Struct

from application.checkouts import Contact, Paying, Terms, order_id
from application.imports import Imports, Offers, Sold
from application.ports import (
    Call,
    Conflict,
    Forbidden,
    Key,
    KeyReused,
    KnownKeys,
    Log,
    Missing,
    Origin,
    Taken,
)
from application.states import States
from domain.catalog import CreateProduct, Describing
from domain.kernel import Rejected
from domain.money import Money
from domain.orders import CancelOrder, ConfirmOrder, DeliverOrder, ShipOrder, StartProcessing
from entrypoints.olist.facts import Fact, Listing, Rank, Sale, Settlement, Step
from entrypoints.olist.names import (
    cart_id,
    checkout_id,
    fact_id,
    product_name,
    shop_name,
    slug,
)
from entrypoints.olist.turnstile import TURN, Line, Turn, Turnstile

CURRENCY = "BRL"
CHANNEL = "marketplace"
ACTOR = "import:olist"
ORIGIN = Origin("import")
WINDOW = 200  # facts that wait for their commit at once
LOOKAHEAD = 2_000  # facts looked up at once, whether they are in the log already
REFUSALS = (Rejected, Missing, Forbidden, Taken, Conflict, KeyReused)


class Journal(Log, KnownKeys, Protocol):
    """The log, and which facts it has already."""


class Tally(Struct):
    """Facts by what became of them; ``refused``: the fact and why."""

    done: int = 0
    already: int = 0
    refused: list[str] = []


class Importer:
    """``progress``: called with the number of facts that are over, now and then."""

    def __init__(self, log: Journal, tenant: str, progress: Callable[[int], None]) -> None:
        commands = Line(Turnstile(log), States(memory=0))  # the turnstile remembers
        self._log, self._tenant, self._progress = log, tenant, progress
        self._imports = Imports(commands)
        self._writers: dict[str, Turn] = {}
        self.tally = Tally()

    async def run(self, facts: Sequence[Fact]) -> Tally:
        """Every fact that is not in the log yet. Cancelled, it leaves no fact half done."""
        room = asyncio.Semaphore(WINDOW)
        await self._found(facts)
        try:
            async with asyncio.TaskGroup() as group:
                for some in _chunks(facts):
                    for fact in await self._new(some):
                        await room.acquire()
                        await self._start(group, fact, room).left.wait()
        except ExceptionGroup as failures:  # the log is away, say: one reason is enough
            raise failures.exceptions[0] from None
        return self.tally

    async def _found(self, facts: Sequence[Fact]) -> None:
        """The tenant is as old as its history."""
        TURN.set(Turn())
        if facts:
            id = fact_id(f"tenant/{self._tenant}")
            await self._imports.found(
                Call(self._tenant, ACTOR, id, id, None, facts[0].at, origin=ORIGIN), CURRENCY
            )

    async def _new(self, facts: Sequence[Fact]) -> list[Fact]:
        keys = [fact.key for fact in facts]
        known = await self._log.known(self._tenant, ACTOR, "olist", keys)
        self.tally.already += len(known)
        self._progress(len(known))
        return [fact for fact in facts if fact.key not in known]

    def _start(self, group: asyncio.TaskGroup, fact: Fact, room: asyncio.Semaphore) -> Turn:
        touched = (*fact.writes, *fact.reads)
        before = {turn for each in touched if (turn := self._writers.get(each)) is not None}
        turn = Turn(self._fresh(fact), before)
        task = group.create_task(self._carry_out(fact, turn))
        task.add_done_callback(lambda _: self._finished(fact, turn, room))
        self._writers.update(dict.fromkeys(fact.writes, turn))
        return turn

    def _finished(self, fact: Fact, turn: Turn, room: asyncio.Semaphore) -> None:
        turn.over.set()
        room.release()
        self._progress(1)
        for written in fact.writes:
            if self._writers.get(written) is turn:
                del self._writers[written]

    async def _carry_out(self, fact: Fact, turn: Turn) -> None:
        TURN.set(turn)
        try:
            await self._decided(fact, turn)
            self.tally.done += 1
        except REFUSALS as refusal:
            self.tally.refused.append(f"{fact.key}: {_why(refusal)}")
        finally:
            turn.left.set()

    async def _decided(self, fact: Fact, turn: Turn) -> None:
        try:
            await self._send(fact)
        except REFUSALS:
            if turn.cautious:
                raise
            turn.cautious = True  # what it was decided on may have been stale
            await self._send(fact)

    def _fresh(self, fact: Fact) -> frozenset[str]:
        """The streams that a fact begins: none of it was ever done, since it is new."""
        match fact:
            case Sale(order=order, shipping=shipping):
                id = checkout_id(order)
                orders = [f"orders/{order_id(id, seller)}" for seller in shipping]
                begun = [f"carts/{cart_id(order)}", f"checkouts/{id}", f"payments/{id}", *orders]
                begun += [f"identity/{new.seller}" for new in fact.sellers]
                begun += [
                    f"{x}/{new.id}" for new in fact.products for x in ("catalog", "inventory")
                ]
            case _:
                begun = []
        return frozenset(f"{self._tenant}/{stream}" for stream in begun)

    def _send(self, fact: Fact) -> Awaitable[object]:
        match fact:
            case Sale():
                return self._sell(fact)
            case Settlement():
                return self._settle(fact)
            case Step():
                return self._step(fact)
        raise TypeError(fact.key)

    def _call(self, fact: Fact) -> Call:
        id = fact_id(fact.key)
        request = hashlib.sha256(fact.key.encode()).digest()
        correlation = fact_id(f"checkout/{fact.order}")
        key = Key(ACTOR, "olist", fact.key, request)
        return Call(self._tenant, ACTOR, id, correlation, None, fact.at, key, ORIGIN)

    def _offers(self, sale: Sale) -> Offers:
        """Who and what is sold for the first time."""
        return Offers(
            {new.seller: shop_name(new.city, new.seller) for new in sale.sellers},
            {new.id: _created(new) for new in sale.products},
        )

    def _sell(self, sale: Sale) -> Awaitable[object]:
        items = [Sold(x.product, x.quantity, Money(x.price, CURRENCY)) for x in sale.lines]
        terms = Terms(
            channel=CHANNEL,
            payments=tuple(Paying(p.method, Money(p.value, CURRENCY)) for p in sale.payments),
            contact=Contact(region=sale.region),
            expected_delivery=sale.expected and sale.expected.date(),
            shipping={seller: Money(cents, CURRENCY) for seller, cents in sale.shipping.items()},
            timed=False,
            exact=False,
        )
        return self._imports.sell(
            self._call(sale), cart_id(sale.order), sale.buyer, items, terms, self._offers(sale)
        )

    def _settle(self, fact: Settlement) -> Awaitable[object]:
        checkout = checkout_id(fact.order)
        parts = [order_id(checkout, seller) for seller in fact.sellers]
        steps: list[ConfirmOrder | StartProcessing] = []
        if fact.confirmed:
            steps.append(ConfirmOrder())
        if fact.started:
            steps.append(StartProcessing())
        return self._imports.settle(self._call(fact), checkout, parts, fact.payments, steps)

    def _step(self, fact: Step) -> Awaitable[object]:
        parts = [order_id(checkout_id(fact.order), seller) for seller in fact.sellers]
        match fact.rank:
            case Rank.SHIPMENT:
                return self._imports.walk(self._call(fact), parts, ShipOrder())
            case Rank.DELIVERY:
                return self._imports.walk(self._call(fact), parts, DeliverOrder())
        return self._imports.walk(self._call(fact), parts, CancelOrder(fact.reason))


def _created(new: Listing) -> CreateProduct:
    name = product_name(new.category, new.product)
    described = Describing(name, slug(new.category, new.id), new.category)
    return CreateProduct(new.seller, described, Money(new.price, CURRENCY), sku=new.product)


def _chunks(facts: Sequence[Fact]) -> Iterator[list[Fact]]:
    rest = iter(facts)
    while some := list(islice(rest, LOOKAHEAD)):
        yield some


def _why(refusal: Exception) -> str:
    code = getattr(refusal, "code", None) or type(refusal).__name__
    detail = getattr(refusal, "detail", "")
    return f"{code} ({detail})" if detail else str(code)
