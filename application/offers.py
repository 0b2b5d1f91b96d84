"""Offers: of a seller's own products, to the tiers below theirs."""

from application.commands import Attempt, Commands
from application.ports import Answer, Call, Forbidden, Missing, Receipt
from application.work import Work, stream_of
from domain import catalog, identity, offers
from domain.catalog import Product
from domain.identity import Member
from domain.kernel import Rejected
from domain.offers import Offer, Terms

UNKNOWN = "offers.unknown_offer"


class Offers:
    """``owner``: the seller whose offers they may change; None for staff."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def publish(
        self, call: Call, id: str, owner: str | None, product: str, target: str, terms: Terms
    ) -> Receipt:
        async def attempt(work: Work) -> Answer:
            work.begin((offers, id))
            found: Product = await work.load(catalog, product)
            if not found.exists:
                raise Missing("catalog.unknown_product")
            if owner not in (None, found.seller):
                raise Forbidden("catalog.not_yours")
            if found.retired:
                raise Rejected("catalog.retired", "restore the product first")
            seller: Member = await work.load(identity, found.seller)
            if not seller.sells:
                raise Rejected("offers.seller_gone", f"{found.seller} no longer sells")
            about = found.seller, seller.tier, target, product, found.name
            new = offers.PublishOffer(*about, terms, await work.now(), found.price.currency)
            await work.decide(offers, id, new)
            return work.receipt(offers, id)

        return await self._commands.run(call, Receipt, attempt)

    async def revise(self, call: Call, id: str, owner: str | None, terms: Terms) -> Receipt:
        async def attempt(work: Work) -> Answer:
            offer = await _own(work, id, owner)
            seller: Member = await work.load(identity, offer.seller)
            if not seller.sells:
                raise Rejected("offers.seller_gone", f"{offer.seller} no longer sells")
            revised = offers.ReviseOffer(terms, await work.now(), seller.tier)
            await work.decide(offers, id, revised)
            return work.receipt(offers, id)

        return await self._run(call, id, attempt)

    async def close(self, call: Call, id: str, owner: str | None, reason: str = "") -> Receipt:
        async def attempt(work: Work) -> Answer:
            await _own(work, id, owner)
            await work.decide(offers, id, offers.CloseOffer(reason))
            return work.receipt(offers, id)

        return await self._run(call, id, attempt)

    async def _run(self, call: Call, id: str, attempt: Attempt) -> Receipt:
        return await self._commands.run(
            call, Receipt, attempt, [stream_of(call.tenant, offers, id)]
        )


async def _own(work: Work, id: str, owner: str | None) -> Offer:
    offer: Offer = await work.load(offers, id)
    if not offer.exists or owner not in (None, offer.seller):
        raise Missing(UNKNOWN)
    return offer
