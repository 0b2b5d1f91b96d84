"""A purchase that says when it was bought reads the past only if something happened since."""

from datetime import UTC, datetime, timedelta

import pytest

from application.commands import Commands
from application.materials import Materials
from application.work import stream_of
from domain import materials
from domain.kernel import Rejected
from domain.materials import AdjustStock, RecordPurchase, SetThreshold
from domain.money import Money
from domain.quantities import Amount

HOUR = timedelta(hours=1)


class Watched:
    """The log; it notes which streams are read from their first event."""

    def __init__(self, log):
        self._log, self.read_whole = log, []

    def __getattr__(self, name):
        return getattr(self._log, name)

    async def read(self, tenant, streams):
        self.read_whole += streams
        return await self._log.read(tenant, streams)


def purchase(at):
    price = Money(100, "DZD")
    return RecordPurchase(Amount(10**9), price, Money(0, "DZD"), bought_at=at)


async def test_what_nothing_happened_since_is_recorded_without_its_past(workshop):
    log = Watched(workshop.market.log)
    bought = Materials(Commands(log))
    wool = await workshop.material(20_000)
    stream = stream_of(workshop.tenant, materials, wool)
    soon = datetime.now(UTC) + HOUR  # what is told ahead happens when it is told
    await bought.purchase(workshop.call(), wool, None, purchase(soon), None)
    await bought.preview(workshop.call(), wool, None, purchase(soon))
    assert log.read_whole == []
    past = datetime.now(UTC) - HOUR
    shadow = await bought.preview(workshop.call(), wool, None, purchase(past))
    assert (shadow.backdated, log.read_whole) == (True, [stream])
    with pytest.raises(Rejected, match=r"materials\.backdated"):
        await bought.purchase(workshop.call(), wool, None, purchase(past), None)


async def test_what_moves_no_stock_is_nothing_that_happened_since(workshop):
    log = Watched(workshop.market.log)
    wool = await workshop.material()
    before = datetime.now(UTC) - HOUR
    await workshop.do(materials, wool, SetThreshold(500))
    shadow = await Materials(Commands(log)).preview(workshop.call(), wool, None, purchase(before))
    assert (shadow.backdated, log.read_whole) == (False, [])
    await workshop.do(materials, wool, AdjustStock(Amount(10**9), "found"))
    shadow = await Materials(Commands(log)).preview(workshop.call(), wool, None, purchase(before))
    assert shadow.backdated
