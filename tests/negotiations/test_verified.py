"""What was bargained is as the log says: folded again, every row of it is the same."""

from adapters.projector.verify import verify
from projections import PROJECTIONS
from tests.offers.house import House, price
from tests.verify.shop import Quiet


async def test_rows_are_as_the_log_folded_again(api, database):
    house = House(api, "bazaar")
    await house.settle(stock=500)
    offer = await house.publish(categories=["tea", 'a "strange" {one}, \\ too'])
    closed = await house.publish((1, "9.00"), minimum=price("27.00"))
    agreed = await house.respond(offer, quantity=100, note="As last year?", address="12 Rue X")
    await house.counter(agreed, quantity=120, unit_price=price("10.50"), note="For you")
    await house.accept(agreed, house.farid)
    open = await house.respond(closed, house.fatma, quantity=3)
    await house.done(house.imen.post(f"/offers/{closed}/close", {}))
    assert (await house.thread(open))["offer_over"] is True
    assert (await house.offer(closed))["status"] == "closed"

    found = []
    wanted = {name: PROJECTIONS[name] for name in ("offers", "negotiations", "orders")}
    valkey = api.souk.settings.valkey_url
    await verify(database, valkey, wanted, Quiet(), found.append)
    assert found == []
