"""Offers and what was proposed for them end by themselves, each at its own time."""

from application.commands import Commands
from application.policies.kernel import Due, Timer
from application.ports import Answer, Call, Receipt
from application.work import Work
from domain import negotiations, offers


async def _offer_over(commands: Commands, call: Call, due: Due) -> None:
    """Unless it was revised meanwhile: then its row tells a later time."""

    async def attempt(work: Work) -> Answer:
        await work.decide(offers, due.id, offers.ExpireOffer(due.now))
        return work.receipt(offers, due.id)

    await commands.run(call, Receipt, attempt)


async def _negotiation_over(commands: Commands, call: Call, due: Due) -> None:
    async def attempt(work: Work) -> Answer:
        await work.decide(negotiations, due.id, negotiations.Expire(due.now))
        return work.receipt(negotiations, due.id)

    await commands.run(call, Receipt, attempt)


OFFERS = Timer("offers", _offer_over)
NEGOTIATIONS = Timer("negotiations", _negotiation_over)
