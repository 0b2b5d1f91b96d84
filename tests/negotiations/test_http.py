"""Negotiations over HTTP: from an answer to an offer to the order that both agreed on."""

import asyncio

from adapters.postgres.pools import borrow
from tests.offers.house import price, terms
from tests.reels.house import refused

OVER = (422, "negotiations.over")
NOT_YOUR_TURN = (422, "negotiations.not_your_turn")
NOTE, REPLY, ADDRESS = "I am Farid of Sétif", "For you, Imen", "12 Rue Didouche"
WHY = "Too dear for my cousin Salim"
ASKED = {
    "quantity": 100,
    "unit_price": price("10.00"),
    "note": NOTE,
    "method": "transfer",
    "address": ADDRESS,
}


async def agreed_on(house):
    """An answer, a counter-proposal, and its acceptance: the negotiation, and what came of it."""
    id = await house.respond(house.id, **ASKED)
    await house.counter(id, quantity=120, unit_price=price("10.50"), note=REPLY)
    return id, await house.accept(id, house.farid)


async def test_an_answer_a_counter_proposal_and_an_order_at_the_price_agreed(house):
    _, agreed = await agreed_on(house)
    for client in (house.farid, house.imen, house.root):
        order = await house.seen(client, f"/orders/{agreed['order']}")
        assert (order["buyer"], order["seller"], order["channel"]) == ("farid", "imen", "b2b")
        assert (order["status"], order["cash"], order["total"]) == (
            "pending",
            False,
            price("1260.00"),
        )
        ((line),) = order["lines"]
        assert (line["product"], line["quantity"]) == (house.tea, 120)
        assert (line["unit_price"], line["subtotal"]) == (price("10.50"), price("1260.00"))
        assert (line["offer"], line["reel"]) == (house.id, None)
        assert order["personal"]["address"] == ADDRESS
    assert await house.stock() == (380, 120)
    offer = await house.offer(house.id)
    assert (offer["orders"], offer["ordered"], offer["status"]) == (1, 120, "active")
    checkout = await house.seen(house.farid, f"/checkouts/{agreed['checkout']}")
    assert [each["id"] for each in checkout["orders"]] == [agreed["order"]]
    due = await house.seen(house.farid, f"/payments/{agreed['checkout']}")
    assert [(each["method"], each["amount"]) for each in due["payments"]] == [
        ("transfer", price("1260.00"))
    ]
    await house.done(house.imen.post(f"/orders/{agreed['order']}/confirm"))


async def test_an_order_that_was_agreed_on_says_what_it_cost_to_its_seller_alone(house):
    body = {"name": "Tea by the crate"}
    tea = (await house.done(house.imen.post("/costing/products", body), 201))["id"]
    rule = {"name": "picking", "on": "fixed", "amount": price("7.77")}
    await house.done(house.imen.post(f"/costing/products/{tea}/overheads", {"overheads": [rule]}))
    await house.done(house.imen.post(f"/costing/products/{tea}/sells", {"product": house.tea}))
    id, agreed = await agreed_on(house)
    (sale,) = (await house.seen(house.imen, "/costing/sales"))["items"]
    assert (sale["order"], sale["quantity"]) == (agreed["order"], 120)
    assert (sale["unit_cost"], sale["margin"]) == (price("7.77"), price("327.60"))
    assert (await house.seen(house.farid, "/costing/sales"))["items"] == []
    for path in (f"/orders/{agreed['order']}", f"/negotiations/{id}", f"/offers/{house.id}"):
        answer = await house.farid.get(path, after=house.at)
        assert "7.77" not in answer.text, path


async def test_both_sides_read_every_turn_and_what_was_written(house):
    id, agreed = await agreed_on(house)
    threads = [await house.thread(id, client) for client in (house.farid, house.imen, house.root)]
    thread = threads[0]
    assert threads == [thread] * 3
    assert [(t["by"], t["quantity"], t["unit_price"]) for t in thread["turns"]] == [
        ("buyer", 100, price("10.00")),
        ("seller", 120, price("10.50")),
    ]
    said = {"notes": [NOTE, REPLY], "address": ADDRESS, "reason": None}
    assert thread["personal"] == said
    assert (thread["status"], thread["ended_by"], thread["order"]) == (
        "accepted",
        "buyer",
        agreed["order"],
    )
    assert (thread["version"], thread["offer_over"]) == (3, False)
    assert (thread["offer"], thread["product"]) == (house.id, house.tea)


async def test_it_all_lands_in_one_append(house):
    _, agreed = await agreed_on(house)
    async with borrow(house.souk.project) as db:
        cursor = await db.execute(
            "SELECT tag FROM log.events WHERE command_id = "
            "(SELECT command_id FROM log.events WHERE stream = %s AND version = 1)"
            " ORDER BY position",
            (f"{house.tenant}/orders/{agreed['order']}",),
        )
        tags = [tag for (tag,) in await cursor.fetchall()]
    assert sorted(tags) == [
        "checkouts.checkout_placed",
        "inventory.stock_reserved",
        "negotiations.response_accepted",
        "offers.offer_ordered",
        "orders.order_placed",
        "payments.payment_intended",
        "payments.payments_opened",
    ]
    assert agreed["position"] > 0


async def test_without_a_price_one_takes_the_offers_at_that_quantity(house):
    for quantity, each in ((10, "12.00"), (99, "12.00"), (100, "11.00")):
        id = await house.respond(house.id, quantity=quantity)
        (turn,) = (await house.thread(id))["turns"]
        assert (turn["quantity"], turn["unit_price"]) == (quantity, price(each))
    agreed = await house.accept(id)
    order = await house.seen(house.farid, f"/orders/{agreed['order']}")
    assert (order["total"], order["cash"], order["personal"]) == (price("1100.00"), True, None)


async def test_what_was_written_is_sealed_in_the_log_and_in_rows_and_in_no_push(house):
    id, agreed = await agreed_on(house)
    declined = await house.respond(house.id, **ASKED)
    await house.done(house.imen.post(f"/negotiations/{declined}/decline", {"reason": WHY}))
    threads = f"/negotiations/{id}", f"/negotiations/{declined}"
    for path in (*threads, f"/orders/{agreed['order']}", f"/offers/{house.id}"):
        await house.seen(house.imen, path)
    found = {}
    async with borrow(house.souk.project) as db:
        for table, columns in (
            ("log.events", "data"),
            ("read.changes", "document, personal"),
            ("read.negotiations_negotiations", "body, personal"),
            ("read.orders_orders", "body, personal"),
        ):
            cursor = await db.execute(
                f"SELECT {columns} FROM {table} WHERE tenant = %s", (house.tenant,)
            )
            found[table] = [bytes(c) for row in await cursor.fetchall() for c in row if c]
        cursor = await db.execute(
            "SELECT document FROM read.changes WHERE tenant = %s AND id = ANY(%s)",
            (house.tenant, [id, declined]),
        )
        pushed = [bytes(document) for (document,) in await cursor.fetchall()]
    for table, cells in found.items():
        assert cells, table
        for cell in cells:
            text = cell.decode()
            assert not any(word in text for word in (NOTE, "Didouche", REPLY, WHY)), table
    assert pushed
    for document in pushed:
        assert not any(word in document for word in (b"notes", b"reason", b"personal", b"sealed"))


async def test_an_auditor_sees_the_figures_and_not_what_was_written(house):
    id, _ = await agreed_on(house)
    one = await house.thread(id, house.olga)
    (listed,) = (await house.seen(house.olga, "/negotiations"))["items"]
    for shown in (one, listed):
        assert len(shown["turns"]) == 2
        assert not shown.get("personal")


async def test_the_same_key_again_is_the_same_answer_and_one_order(house):
    first = await house.farid.post(f"/offers/{house.id}/responses", ASKED, key="a")
    again = await house.farid.post(f"/offers/{house.id}/responses", ASKED, key="a")
    assert (first.status_code, again.content) == (201, first.content)
    path = f"/negotiations/{first.json()['id']}/accept"
    answers = [await house.imen.post(path, key="b") for _ in range(3)]
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (200, answers[0].content)
    }
    assert await refused(house.imen.post(path, key="c")) == OVER
    house.at = answers[0].json()["position"]
    sold = await house.seen(house.farid, "/orders")
    assert [order["id"] for order in sold["items"]] == [answers[0].json()["order"]]
    assert await house.stock() == (400, 100)
    needs_a_key = house.imen.send("POST", path)
    assert await refused(needs_a_key) == (400, "idempotency_key_missing")


async def test_twenty_at_once_with_one_key_are_one_order(house):
    id = await house.respond(house.id, **ASKED)
    path = f"/negotiations/{id}/accept"
    answers = await asyncio.gather(*(house.imen.post(path, key="k") for _ in range(20)))
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (200, answers[0].content)
    }
    house.at = answers[0].json()["position"]
    assert len((await house.seen(house.imen, "/orders", **{"as": "seller"}))["items"]) == 1
    assert (await house.offer(house.id))["orders"] == 1
    assert await house.stock() == (400, 100)


async def test_each_answers_in_turn(house):
    id = await house.respond(house.id, **ASKED)
    path = f"/negotiations/{id}"
    again = {"quantity": 100, "unit_price": price("9.00")}
    assert await refused(house.farid.post(f"{path}/counter", again)) == NOT_YOUR_TURN
    assert await refused(house.farid.post(f"{path}/accept")) == NOT_YOUR_TURN
    same = {"quantity": 100, "unit_price": price("10.00")}
    sent = house.imen.post(f"{path}/counter", same)
    assert await refused(sent) == (422, "negotiations.same_proposal")
    await house.counter(id, quantity=100)
    assert await refused(house.imen.post(f"{path}/accept")) == NOT_YOUR_TURN
    await house.counter(id, house.farid, **again)
    turns = (await house.thread(id))["turns"]
    assert [(t["by"], t["unit_price"]["amount"]) for t in turns] == [
        ("buyer", "10.00"),
        ("seller", "11.00"),
        ("buyer", "9.00"),
    ]


async def test_either_side_declines_and_only_the_buyer_withdraws(house):
    reason = {"reason": WHY}
    for client, step, status, by in (
        (house.imen, "decline", "declined", "seller"),
        (house.farid, "decline", "declined", "buyer"),
        (house.farid, "withdraw", "withdrawn", "buyer"),
    ):
        id = await house.respond(house.id, **ASKED)
        path = f"/negotiations/{id}"
        first = await house.done(client.post(f"{path}/{step}", reason))
        again = await house.done(client.post(f"{path}/{step}", {}))
        assert (first["version"], again["version"]) == (2, 2)
        thread = await house.thread(id)
        ended = thread["status"], thread["ended_by"], thread["personal"]["reason"], thread["order"]
        assert ended == (status, by, WHY, None)
        assert await refused(house.imen.post(f"{path}/accept")) == OVER
        assert await refused(house.imen.post(f"{path}/counter", {"quantity": 10})) == OVER
    id = await house.respond(house.id)
    sent = house.imen.post(f"/negotiations/{id}/withdraw", {})
    assert await refused(sent) == (422, "negotiations.not_yours_to_withdraw")
    assert await house.stock() == (500, 0)


async def test_who_is_erased_leaves_their_figures_and_no_words(house):
    id = await house.respond(house.id, **ASKED)
    await house.counter(id, quantity=120, unit_price=price("10.50"), note=REPLY)
    await house.souk.keyring.destroy(house.tenant, "farid")
    thread = await house.thread(id)
    assert thread["personal"] == {"notes": [None, REPLY], "address": None, "reason": None}
    assert len(thread["turns"]) == 2
    agreed = await house.accept(id, house.farid)
    order = await house.seen(house.imen, f"/orders/{agreed['order']}")
    assert (order["total"], order["personal"]) == (price("1260.00"), None)


async def test_why_who_is_erased_left_goes_with_them(house):
    whys = {}
    for client, other in ((house.farid, house.imen), (house.imen, house.farid)):
        id = await house.respond(house.id, **ASKED)
        await house.done(client.post(f"/negotiations/{id}/decline", {"reason": WHY}))
        whys[id] = (await house.thread(id, other))["personal"]["reason"]
    assert [*whys.values()] == [WHY, WHY]
    await house.souk.keyring.destroy(house.tenant, "farid")
    whys = {id: (await house.thread(id))["personal"]["reason"] for id in whys}
    assert [*whys.values()] == [None, WHY]


async def test_what_was_proposed_stands_when_the_offer_is_revised(house):
    id = await house.respond(house.id, **ASKED)
    new = terms((200, "20.00"), (300, "19.00"), minimum=price("9999.00"))
    await house.done(house.imen.post(f"/offers/{house.id}/revise", new))
    agreed = await house.accept(id)
    order = await house.seen(house.farid, f"/orders/{agreed['order']}")
    assert order["total"] == price("1000.00")
