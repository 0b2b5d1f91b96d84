"""Negotiations: from a buyer's answer to an offer to the order that both agreed on."""

from collections.abc import Callable

from msgspec import Struct

from application import selling
from application.commands import Attempt, Commands
from application.ports import Answer, Call, Log, Missing, Receipt
from application.selling import Sale, order_id
from application.selling.terms import Contact, Paying, Terms
from application.work import Work, stream_of
from domain import catalog, identity, inventory, negotiations, offers
from domain.catalog import Product
from domain.identity import Member
from domain.kernel import Personal, Rejected
from domain.money import Money
from domain.negotiations import Negotiation, Proposal
from domain.offers import Offer
from domain.orders import Line

UNKNOWN = "negotiations.unknown_negotiation"
CHANNEL = "b2b"


class Proposed(Struct, frozen=True):
    """``unit_price`` None: what the offer asks at that quantity."""

    quantity: int
    unit_price: Money | None = None
    note: str | None = None


class Agreed(Struct, frozen=True):
    """As a Receipt, and what came of it."""

    id: str
    version: int
    position: int
    checkout: str
    order: str


class Negotiations:
    """Whoever calls acts for their own side."""

    def __init__(self, commands: Commands, log: Log) -> None:
        self._commands, self._log = commands, log

    async def respond(
        self, call: Call, id: str, offer: str, proposed: Proposed, method: str, address: str | None
    ) -> Receipt:
        """By a member of the tier that the offer is for; to others it is not there."""

        async def attempt(work: Work) -> Answer:
            work.begin((negotiations, id))
            buyer = call.actor
            await work.gather([(offers, offer), (identity, buyer)])
            found: Offer = await work.load(offers, offer)
            member: Member = await work.load(identity, buyer)
            if not found.exists or not member.sells or member.tier != found.target:
                raise Missing("offers.unknown_offer")
            seller = await _seller(work, found.product, found.seller)
            offers.check_tier(seller.tier, found.target)
            proposal = await _proposal(work, found, proposed)
            new = negotiations.Respond(
                offer,
                found.product,
                found.seller,
                buyer,
                proposal,
                method,
                found.terms.valid_until,
                _words(buyer, proposed.note),
                Personal(buyer, address) if address else None,
            )
            await work.decide(negotiations, id, new)
            return work.receipt(negotiations, id)

        return await self._commands.run(call, Receipt, attempt)

    async def counter(self, call: Call, id: str, proposed: Proposed) -> Receipt:
        """It stands as long as the offer does now."""

        async def attempt(work: Work) -> Answer:
            found, side = await _own(work, id)
            offer: Offer = await work.load(offers, found.offer)
            proposal = await _proposal(work, offer, proposed)
            until, note = offer.terms.valid_until, _words(call.actor, proposed.note)
            new = negotiations.Counter(side, proposal, until, note)
            await work.decide(negotiations, id, new)
            return work.receipt(negotiations, id)

        return await self._run(call, id, attempt)

    async def accept(self, call: Call, id: str) -> Agreed:
        """What the other side proposed last: ordered and reserved in the same append. The
        checkout's id is the command's."""

        async def attempt(work: Work) -> Answer:
            found, side = await _own(work, id)
            checkout = str(work.call.command_id)
            order = order_id(checkout, found.seller)
            await self._order(work, id, found, side)
            version = work.version(negotiations, id)
            return lambda recorded: Agreed(id, version, work.landed(recorded), checkout, order)

        peeked: Negotiation = await self._commands.peek(call, negotiations, id)
        streams = (negotiations, id), (offers, peeked.offer), (inventory, peeked.product)
        queues = [stream_of(call.tenant, *stream) for stream in streams]
        return await self._commands.run(call, Agreed, attempt, queues)

    async def decline(self, call: Call, id: str, reason: str = "") -> Receipt:
        return await self._end(
            call, id, lambda side: negotiations.Decline(side, _words(call.actor, reason))
        )

    async def withdraw(self, call: Call, id: str, reason: str = "") -> Receipt:
        """By the buyer, as long as it is open."""

        def command(side: str) -> negotiations.COMMANDS:
            if side != "buyer":
                raise Rejected(
                    "negotiations.not_yours_to_withdraw", "the buyer withdraws; decline it"
                )
            return negotiations.Withdraw(_words(call.actor, reason))

        return await self._end(call, id, command)

    async def _end(
        self, call: Call, id: str, command: Callable[[str], negotiations.COMMANDS]
    ) -> Receipt:
        async def attempt(work: Work) -> Answer:
            _, side = await _own(work, id)
            await work.decide(negotiations, id, command(side))
            return work.receipt(negotiations, id)

        return await self._run(call, id, attempt)

    async def _order(self, work: Work, id: str, found: Negotiation, side: str) -> None:
        checkout, now = str(work.call.command_id), await work.now()
        order, agreed = order_id(checkout, found.seller), found.proposal
        await work.gather([(offers, found.offer), (identity, found.buyer)])
        await selling.gather(work, checkout, [found.seller], [found.product])
        await _check_tier(work, found)
        seller = await _seller(work, found.product, found.seller)
        product: Product = await work.load(catalog, found.product)
        await work.decide(negotiations, id, negotiations.Accept(side, order, now))
        about = order, found.buyer, agreed.quantity, agreed.unit_price
        taken = offers.OrderFromOffer(*about, now, seller.tier)
        await work.decide(offers, found.offer, taken)
        line = Line.of(
            found.product,
            product.sku,
            product.name,
            agreed.unit_price,
            agreed.quantity,
            offer=found.offer,
        )
        terms = _terms(found, await self._address(work, id))
        sale = Sale("", found.buyer, {found.seller: [line]}, terms, now)
        await selling.sell(work, checkout, sale)

    async def _address(self, work: Work, id: str) -> str:
        """As the buyer gave it with the first event, which never changes. No state may hold it:
        that would outlive the person's key. Empty: there is none, or it is erased."""
        stream = stream_of(work.call.tenant, negotiations, id)
        first, *_ = (await self._log.read(work.call.tenant, [stream]))[stream]
        return first.event.address.text if first.event.address else ""

    async def _run(self, call: Call, id: str, attempt: Attempt) -> Receipt:
        queues = [stream_of(call.tenant, negotiations, id)]
        return await self._commands.run(call, Receipt, attempt, queues)


async def _own(work: Work, id: str) -> tuple[Negotiation, str]:
    """With the caller's side. Raises Missing: to others it is not there."""
    found: Negotiation = await work.load(negotiations, id)
    if (side := found.side_of(work.call.actor)) is None:
        raise Missing(UNKNOWN)
    return found, side


async def _proposal(work: Work, offer: Offer, proposed: Proposed) -> Proposal:
    """One that the offer could be taken at now."""
    if not offer.stands(await work.now()):
        raise Rejected("offers.not_active", "the offer is over")
    price = proposed.unit_price or offers.price_at(offer.terms, proposed.quantity)
    offers.check_order(offer.terms, proposed.quantity, price)
    return Proposal(proposed.quantity, price)


async def _check_tier(work: Work, found: Negotiation) -> None:
    """The buyer may have come to another tier since they answered."""
    offer: Offer = await work.load(offers, found.offer)
    buyer: Member = await work.load(identity, found.buyer)
    if not buyer.sells or buyer.tier != offer.target:
        raise Rejected("negotiations.buyer_of_another_tier", f"it is for {offer.target}s")


async def _seller(work: Work, product: str, seller: str) -> Member:
    """Of what is still sold."""
    await work.gather([(catalog, product), (identity, seller)])
    sold: Product = await work.load(catalog, product)
    member: Member = await work.load(identity, seller)
    if sold.retired or not member.sells:
        raise Rejected("offers.not_sold", "its product or its seller is gone")
    return member


def _words(writer: str, text: str | None) -> Personal | None:
    return Personal(writer, text) if text else None


def _terms(found: Negotiation, address: str) -> Terms:
    contact = Contact(address=address) if address else None
    return Terms(channel=CHANNEL, payments=(Paying(found.method),), contact=contact)
