"""Reels over HTTP, from the draft to the feed, by role."""

from contextlib import suppress

from domain.kernel import Rejected
from tests.reels.house import House, refused

NOWHERE = "018f2f0e-6f3c-7c1e-9a51-0e7a4b6f1a2d"
UNKNOWN = (404, "reels.unknown_reel")


def price(amount):
    return {"amount": amount, "currency": "DZD"}


async def test_a_reel_comes_from_a_draft_to_the_feed(house):
    media = await house.film()
    id = await house.draft(house.rug, caption="Made by hand")
    path = f"/reels/{id}"
    assert await refused(house.amina.post(f"{path}/publish")) == (422, "reels.media_missing")
    await house.done(house.amina.post(f"{path}/media", {"media": media}))
    assert (await house.seen(house.amina, path))["status"] == "draft"
    assert await house.feed() == []
    await house.done(house.amina.post(f"{path}/publish"))

    (card,) = (await house.seen(house.karim, "/reels"))["items"]
    published = await house.seen(house.karim, path)
    assert card == published
    assert (card["seller"], card["product"], card["product_name"]) == ("amina", house.rug, "Rug")
    assert (card["status"], card["visible"], card["price"]) == ("published", True, price("12.50"))
    assert (card["caption"], card["media"]) == ("Made by hand", media)
    assert card["counters"] == {"likes": 0, "comments": 0, "views": 0}
    front = f"/api/v1/media/public/{house.tenant}/{media}/r1"
    assert card["film"] == {
        "video": f"{front}/video.mp4",
        "poster": f"{front}/poster.webp",
        "width": 720,
        "height": 1280,
        "duration": 9.5,
        "size": 2500,
    }
    assert (await house.seen(house.amina, f"/media/{media}"))["published"] is True


async def test_every_step_twice_is_no_news(house):
    id = await house.reel(house.rug)
    path, media = f"/reels/{id}", (await house.seen(house.karim, "/reels"))["items"][0]["media"]
    version = (await house.seen(house.karim, path))["version"]
    for step, body in (("publish", None), ("restore", None), ("caption", {"caption": ""})):
        again = await house.done(house.amina.post(f"{path}/{step}", body))
        assert again["version"] == version
    other = {"media": await house.film()}
    for body in ({"media": media}, other):
        assert await refused(house.amina.post(f"{path}/media", body)) == (422, "reels.published")


async def test_a_retry_is_the_same_draft(house):
    body = {"product": house.rug}
    first = await house.amina.post("/reels", body, key="k")
    again = await house.amina.post("/reels", body, key="k")
    assert (first.status_code, first.content) == (201, again.content)


async def test_a_seller_shows_their_own_products_and_videos_only(house):
    body = {"product": house.rug}
    assert await refused(house.basma.post("/reels", body)) == (403, "catalog.not_yours")
    assert await refused(house.karim.post("/reels", body)) == (403, "forbidden")
    assert await refused(house.olga.post("/reels", body)) == (403, "forbidden")
    ghost = {"product": NOWHERE}
    assert await refused(house.amina.post("/reels", ghost)) == (404, "catalog.unknown_product")
    theirs = body | {"media": await house.film("basma")}
    assert await refused(house.amina.post("/reels", theirs)) == (404, "media.unknown_asset")
    still = body | {"media": await house.film(kind="image")}
    assert await refused(house.amina.post("/reels", still)) == (422, "reels.media_not_video")
    by_staff = await house.done(house.root.post("/reels", body), 201)
    shown = await house.seen(house.amina, f"/reels/{by_staff['id']}")
    assert shown["seller"] == "amina"
    retired = await house.product("tea")
    await house.done(house.amina.post(f"/catalog/products/{retired}/retire"))
    gone = house.amina.post("/reels", {"product": retired})
    assert await refused(gone) == (422, "catalog.retired")


async def test_what_is_not_rendered_is_not_published(house):
    media = await house.film(rendered=False)
    id = await house.draft(house.rug, media=media)
    refusal = await refused(house.amina.post(f"/reels/{id}/publish"))
    assert refusal == (422, "reels.media_not_rendered")
    assert await house.feed() == []


async def test_a_draft_is_there_for_its_seller_and_staff_only(house):
    id = await house.draft(house.rug, media=await house.film())
    path = f"/reels/{id}"
    for one in (house.amina, house.root, house.olga):
        assert (await house.seen(one, path))["status"] == "draft"
    for stranger in (house.karim, house.basma):
        assert await house.unseen(stranger, path) == UNKNOWN
    for step in ("publish", "restore", "hide"):
        assert await refused(house.basma.post(f"{path}/{step}", {})) == UNKNOWN
    await house.hide(id)
    assert (await house.seen(house.amina, path))["status"] == "hidden"
    assert await house.unseen(house.karim, path) == UNKNOWN
    await house.restore(id)
    assert (await house.seen(house.amina, path))["status"] == "draft"
    assert [await house.feed(one) for one in (house.amina, house.root)] == [[], []]
    mine = {one: await house.seen(one, "/reels/mine") for one in (house.amina, house.root)}
    assert [[x["id"] for x in page["items"]] for page in mine.values()] == [[id], [id]]
    assert (await house.seen(house.basma, "/reels/mine"))["items"] == []
    named = house.basma.get("/reels/mine", seller="amina")
    assert await refused(named) == (403, "forbidden")
    assert (await house.seen(house.basma, "/reels/mine", seller="basma"))["items"] == []
    assert (await house.seen(house.root, "/reels/mine", seller="basma"))["items"] == []


async def test_a_seller_hides_a_reel_and_puts_it_back_where_it_was(house):
    first, second = await house.reel(house.rug), await house.reel(house.rug)
    path = f"/reels/{first}"
    media = (await house.seen(house.karim, path))["media"]
    assert await refused(house.basma.post(f"{path}/hide", {})) == (403, "reels.not_yours")
    assert await refused(house.karim.post(f"{path}/hide", {})) == (403, "forbidden")
    await house.done(house.amina.post(f"{path}/hide", {"reason": "sold out"}))
    assert await house.feed() == [second]
    assert await house.unseen(house.karim, path) == UNKNOWN
    assert await house.unseen(house.basma, path) == UNKNOWN
    assert await house.unseen(house.karim, f"{path}/engagement") == UNKNOWN
    hidden = await house.seen(house.amina, path)
    assert (await house.seen(house.amina, f"{path}/engagement"))["likes"] == 0
    told = hidden["status"], hidden["visible"], hidden["reason"], hidden["by_staff"]
    assert told == ("hidden", False, "sold out", False)
    assert (await house.seen(house.amina, f"/media/{media}"))["published"] is False
    assert await refused(house.amina.post(f"{path}/publish")) == (422, "reels.hidden")
    await house.restore(first)
    assert await house.feed() == [second, first]
    assert (await house.seen(house.karim, path))["reason"] == ""
    assert (await house.seen(house.amina, f"/media/{media}"))["published"] is True


async def test_what_staff_hides_only_staff_restores(house):
    id = await house.reel(house.rug)
    await house.hide(id)
    await house.hide(id, house.root)  # taken over
    restore = f"/reels/{id}/restore"
    assert await refused(house.amina.post(restore)) == (422, "reels.hidden_by_staff")
    assert (await house.seen(house.amina, f"/reels/{id}"))["by_staff"] is True
    await house.restore(id, house.root)
    assert await house.feed() == [id]


async def test_a_video_shown_twice_stays_public_until_both_are_hidden(house):
    media = await house.film()
    one, two = await house.reel(house.rug, media=media), await house.reel(house.rug, media=media)
    for id, public in ((one, True), (two, False)):
        await house.done(house.amina.delete(f"/reels/{id}"))  # the same as hide
        assert (await house.seen(house.amina, f"/media/{media}"))["published"] is public
    assert await house.feed() == []


async def test_what_is_hidden_is_not_lost_when_the_operator_purges(house):
    id = await house.reel(house.rug)
    media = (await house.seen(house.karim, f"/reels/{id}"))["media"]
    await house.hide(id)
    version = (await house.seen(house.amina, f"/media/{media}"))["version"]
    with suppress(Rejected):  # what nothing shows and nothing has changed for long is erased
        await house.souk.media.purge(house.call("operator"), media, version)
    await house.restore(id)
    assert await house.feed() == [id]


async def test_with_its_product_a_reel_goes_and_comes_back(house):
    tea = await house.product("tea")
    stays, one, two = [await house.reel(p) for p in (tea, house.rug, house.rug)]
    await house.done(house.amina.post(f"/catalog/products/{house.rug}/retire"))
    assert await house.feed() == [stays]
    assert await house.unseen(house.karim, f"/reels/{one}") == UNKNOWN
    owned = await house.seen(house.amina, f"/reels/{one}")
    assert (owned["status"], owned["on_sale"], owned["visible"]) == ("published", False, False)
    video = f"/media/{owned['media']}"
    assert (await house.seen(house.amina, video))["published"] is False
    await house.hide(one)
    await house.done(house.amina.post(f"/catalog/products/{house.rug}/restore"))
    assert await house.feed() == [two, stays]  # what was hidden meanwhile stays hidden
    assert (await house.seen(house.amina, video))["published"] is False
    await house.restore(one)
    assert await house.feed() == [two, one, stays]
    assert (await house.seen(house.amina, video))["published"] is True


async def test_a_card_says_what_its_product_is_now(house):
    one, two = await house.reel(house.rug), await house.reel(house.rug)
    path = f"/catalog/products/{house.rug}"
    await house.done(house.amina.post(f"{path}/price", {"price": price("9.00")}))
    new = {"name": "Carpet", "slug": "rug", "category": "textiles"}
    await house.done(house.amina.post(f"{path}/describe", new))
    for id in (one, two):
        card = await house.seen(house.karim, f"/reels/{id}")
        told = card["price"], card["product_name"], card["category"]
        assert told == (price("9.00"), "Carpet", "textiles")
    assert await house.feed(category="textiles") == [two, one]
    assert await house.feed(category="gifts") == []


async def test_in_another_tenant_there_is_nothing_of_it(house, houses):
    id, draft = await house.reel(house.rug), await house.draft(house.rug)
    other: House = await houses()
    other.at = house.at
    for stranger in (other.root, other.amina, other.karim):
        assert await other.feed(stranger) == []
        for one in (id, draft):
            assert await other.unseen(stranger, f"/reels/{one}") == UNKNOWN
    assert await refused(other.root.post(f"/reels/{id}/hide", {})) == UNKNOWN
    refusal = await refused(other.amina.post("/reels", {"product": house.rug}))
    assert refusal == (404, "catalog.unknown_product")
    mine = await other.draft(await other.product("rug"))
    body = {"media": (await house.seen(house.karim, f"/reels/{id}"))["media"]}
    refusal = await refused(other.amina.post(f"/reels/{mine}/media", body))
    assert refusal == (404, "media.unknown_asset")
    assert await house.feed() == [id]
