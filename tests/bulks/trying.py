"""Examples tried on one log, each in shops of their own."""

import asyncio

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from application.commands import Commands
from application.ports import Receipt
from domain import catalog
from domain.catalog import CreateProduct
from domain.catalog import Describing as Page
from domain.money import Money
from tests.bulks.operations import (
    KNOWN,
)
from tests.bulks.shop import shops


def tried(database, check, examples, *strategies):
    """``check(opened, *drawn)`` for examples, on one log; opened() is a shop of its own tenant."""
    with asyncio.Runner() as runner:
        context = shops(database)
        opened = runner.run(context.__aenter__())

        @settings(
            max_examples=examples,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
        )
        @given(st.tuples(*strategies))
        def attempt(drawn):
            runner.run(check(opened, *drawn))

        try:
            attempt()
        finally:
            runner.run(context.__aexit__(None, None, None))


async def stocked(opened, **more):
    """A shop with the known materials and products; one of each has a name that may be wanted."""
    shop = await opened(**more)
    for number, id in enumerate(KNOWN):
        owner = "basma" if number == 4 else "amina"
        await shop.material(id, owner, "A" if number == 0 else None)
        new = CreateProduct(owner, Page("Tea", f"p{number}"), Money(5, "DZD"))

        async def attempt(work, id=id, new=new):
            await work.decide(catalog, id, new)
            work.claim("catalog.slug", new.describing.slug, id)
            return work.receipt(catalog, id)

        await Commands(shop.log).run(shop.call(), Receipt, attempt)
    return shop
