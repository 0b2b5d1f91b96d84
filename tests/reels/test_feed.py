"""The feed over HTTP: narrowed down, and read on from a cursor while it moves."""

from tests.reels.house import refused, slices


async def test_the_feed_is_narrowed_to_a_seller_a_product_a_category(house):
    tea, silk = await house.product("tea"), await house.product("silk", "basma")
    rug_reel, tea_reel = await house.reel(house.rug), await house.reel(tea)
    silk_reel = await house.reel(silk, "basma")
    assert await house.feed() == [silk_reel, tea_reel, rug_reel]
    assert await house.feed(seller="amina") == [tea_reel, rug_reel]
    assert await house.feed(product=tea) == [tea_reel]
    assert await house.feed(seller="basma", product=tea) == []
    assert await house.feed(seller="nobody") == []
    assert await house.feed(category="") == [silk_reel, tea_reel, rug_reel]
    await house.draft(house.rug)
    assert len((await house.seen(house.root, "/reels/mine", seller="amina"))["items"]) == 3


async def test_a_cursor_repeats_and_skips_nothing_while_reels_are_published(house):
    there = await house.reels(house.rug, 12)
    later = []

    async def publish():
        later.extend(await house.reels(house.rug, 2))

    read = await slices(house, "/reels", publish)
    assert [item["id"] for item in read] == there[::-1]
    assert len(later) == 2
    assert await house.feed(limit=50) == [*later[::-1], *there[::-1]]


async def test_a_cursor_goes_on_past_what_was_hidden_meanwhile(house):
    there = (await house.reels(house.rug, 13))[::-1]
    first = await house.seen(house.karim, "/reels", limit=10)
    await house.hide(there[9])  # the cursor's own place
    await house.hide(there[10])
    rest = await house.seen(house.karim, "/reels", limit=10, cursor=first["next"])
    assert [item["id"] for item in first["items"]] == there[:10]
    assert [item["id"] for item in rest["items"]] == there[11:]
    assert rest["next"] is None


async def test_a_slice_that_is_no_longer_the_last_is_another_state(house):
    """A client that trusts its 304 would else take the old end for the end."""
    there = await house.reels(house.rug, 11)
    await house.hide(there[0])
    last = await house.karim.get("/reels", limit=10, after=house.at)
    assert last.json()["next"] is None
    await house.restore(there[0])
    unless, query = {"if-none-match": last.headers["etag"]}, {"limit": 10, "after": house.at}
    again = await house.karim.send("GET", "/reels", unless, params=query)
    assert again.status_code == 200
    assert again.json()["items"] == last.json()["items"]
    assert again.json()["next"] is not None


MALFORMED = [{"limit": 0}, {"limit": 11}, {"cursor": "-1"}, {"cursor": "x"}, {"product": "rug"}]


async def test_what_is_malformed_is_refused(house):
    for query in MALFORMED:
        assert await refused(house.karim.get("/reels", **query)) == (400, "malformed"), query
    id = await house.draft(house.rug, caption="x" * 500)
    for rest, body in (
        ("", {"product": house.rug, "caption": "x" * 501}),
        (f"/{id}/caption", {"caption": "x" * 501}),
        (f"/{id}/hide", {"reason": "x" * 201}),
    ):
        assert await refused(house.amina.post(f"/reels{rest}", body)) == (400, "malformed"), rest
