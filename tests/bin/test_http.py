"""The bin over HTTP: what is deleted, its way back, and its end."""

import pytest

from entrypoints.http import bin, due
from tests.categories.test_http import product, shelf
from tests.reels.house import refused


async def keep(house, days):
    await house.done(house.root.post(f"/tenants/{house.tenant}/retention", {"days": days}))


async def binned(house, client, **query):
    found = await house.seen(client, "/bin", **query)
    return [(item["context"], item["id"]) for item in found["items"]]


async def look(house, **asked):
    """A dry run of everything that is due by now."""
    await house.seen(house.root, "/bin")
    answer = await house.root.post("/bin/purge", asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def purge(house, **asked):
    confirm = (await look(house, **asked))["confirm"]
    return await house.done(house.root.post("/bin/purge", asked | {"confirm": confirm}))


async def test_the_bin_shows_each_their_own_and_staff_everyones_the_last_deleted_first(house):
    rug, tea = await product(house, "rug"), await house.product("tea", "basma")
    top = await shelf(house, "top")
    for path in (f"catalog/products/{rug}", f"categories/{top}", f"catalog/products/{tea}"):
        await house.done(house.root.delete(f"/{path}"))
    assert await binned(house, house.root) == [
        ("catalog", tea),
        ("categories", top),
        ("catalog", rug),
    ]
    assert await binned(house, house.olga, context="categories") == [("categories", top)]
    assert await binned(house, house.amina) == [("catalog", rug)]
    assert await refused(house.karim.get("/bin")) == (403, "forbidden")
    (shown,) = (await house.seen(house.amina, "/bin"))["items"]
    told = shown["name"], shown["owner"], shown["deleted_by"], shown["deleted_at"] < "9"
    assert told == ("Rug", "amina", "root", True)
    assert shown["kept_until"] > shown["deleted_at"]
    await house.done(house.amina.post(f"/catalog/products/{rug}/restore"))
    assert await binned(house, house.amina) == []


async def test_the_bin_is_read_on_from_a_cursor(house):
    ids = [await shelf(house, f"s{number}") for number in range(12)]
    for id in ids:
        await house.done(house.root.delete(f"/categories/{id}"))
    first = await house.seen(house.root, "/bin", limit=10)
    rest = await house.seen(house.root, "/bin", limit=10, cursor=first["next"])
    assert rest["next"] is None
    assert [item["id"] for item in [*first["items"], *rest["items"]]] == ids[::-1]


@pytest.mark.parametrize("kind", ["slug", "sku"])
async def test_a_product_whose_name_another_has_by_now_stays_in_the_bin_whole(house, kind):
    sku = {"sku": "R-1"} if kind == "sku" else {}
    rug = await product(house, "rug", **sku)
    await house.done(house.amina.delete(f"/catalog/products/{rug}"))
    other = await product(house, "carpet" if sku else "rug", **sku)
    before = await house.seen(house.amina, f"/catalog/products/{rug}")
    refusal = await refused(house.amina.post(f"/catalog/products/{rug}/restore"))
    assert refusal == (409, f"catalog.{kind}_taken")
    assert await house.seen(house.amina, f"/catalog/products/{rug}") == before
    if sku:
        await house.done(house.amina.post(f"/catalog/products/{other}/sku", {"sku": None}))
    else:
        await house.done(house.amina.delete(f"/catalog/products/{other}"))
    await house.done(house.amina.post(f"/catalog/products/{rug}/restore"))
    assert (await house.seen(house.karim, f"/catalog/products/{rug}"))["retired"] is False


async def test_a_material_whose_sku_another_has_by_now_stays_in_the_bin(house):
    new = {"name": "Wool", "kind": "yarn", "unit": "kg", "sku": "W-1"}
    wool = (await house.done(house.amina.post("/materials", new), 201))["id"]
    await house.done(house.amina.delete(f"/materials/{wool}"))
    await house.done(house.amina.post("/materials", new), 201)
    refusal = await refused(house.amina.post(f"/materials/{wool}/restore"))
    assert refusal == (409, "materials.sku_taken")
    assert (await house.seen(house.amina, f"/materials/{wool}"))["retired"] is True


async def test_what_is_due_is_looked_at_first_and_purged_for_good_once_it_is_confirmed(house):
    rug = await product(house, "rug", sku="R-1")
    film = await house.film(kind="image")
    await house.done(house.amina.post(f"/media/{film}/attach", {"product": rug}))
    await house.done(house.amina.delete(f"/catalog/products/{rug}"))
    assert (await look(house))["total"] == 0  # it was deleted today
    asked = {"older_than_days": 89}
    assert await refused(house.root.post("/bin/purge", asked)) == (422, "bin.within_retention")
    await keep(house, 0)
    would = await look(house)
    assert (would["total"], would["examples"][0]["media"]) == (1, [film])
    assert (await house.seen(house.root, f"/catalog/products/{rug}"))["retired"]  # only looked at
    done = await house.done(house.root.post("/bin/purge", {"confirm": would["confirm"]}))
    assert (done["purged"], done["kept"]) == (1, [])
    assert await house.unseen(house.root, f"/catalog/products/{rug}") == (
        404,
        "catalog.unknown_product",
    )
    assert await binned(house, house.root) == []
    restore = house.amina.post(f"/catalog/products/{rug}/restore")
    assert await refused(restore) == (422, "catalog.purged")
    asset = await house.seen(house.amina, f"/media/{film}")
    assert (asset["attached"], asset["published"]) == ([], False)
    await product(house, "rug", sku="R-1")  # its names are free


async def test_a_confirmation_is_good_for_what_was_looked_at_and_for_whoever_looked(house):
    first, second = await shelf(house, "first"), await shelf(house, "second")
    await keep(house, 0)
    await house.done(house.root.delete(f"/categories/{first}"))
    await house.done(house.root.delete(f"/categories/{second}"))
    confirm = {"confirm": (await look(house))["confirm"]}
    changed = (409, "bulks.selection_changed")
    other = confirm | {"context": "categories"}
    assert await refused(house.root.post("/bin/purge", other)) == changed
    eve = house.of("admin", "eve").post("/bin/purge", confirm)
    assert await refused(eve) == (422, "bulks.confirm_malformed")
    assert await refused(house.amina.post("/bin/purge", confirm)) == (403, "forbidden")
    await house.done(house.root.post(f"/categories/{first}/restore"))
    await house.seen(house.root, "/bin")
    assert await refused(house.root.post("/bin/purge", confirm)) == changed
    assert (await purge(house))["purged"] == 1
    assert await binned(house, house.root) == []


async def test_what_is_used_stays_until_what_uses_it_goes(house):
    wool = {"name": "Wool", "kind": "yarn", "unit": "kg"}
    wool = (await house.done(house.amina.post("/materials", wool), 201))["id"]
    rug = (await house.done(house.amina.post("/costing/products", {"name": "Rug"}), 201))["id"]
    part = {"kind": "material", "id": wool, "quantity": "1"}
    path = f"/costing/products/{rug}"
    await house.done(house.amina.post(f"{path}/components", {"components": [part]}))
    await keep(house, 0)
    await house.done(house.amina.delete(f"/materials/{wool}"))
    done = await purge(house)
    assert done["kept"] == [{"context": "materials", "id": wool, "code": "materials.in_use"}]
    await house.done(house.amina.post(f"{path}/retire"))
    assert (await purge(house))["purged"] == 2
    assert await house.unseen(house.amina, path) == (404, "costing.unknown_product")
    assert await house.unseen(house.amina, f"/materials/{wool}") == (
        404,
        "materials.unknown_material",
    )


async def yarns(house, used, free):
    """All deleted by now, those that are used first; and the path of what uses them."""
    wool = {"name": "Wool", "kind": "yarn", "unit": "kg"}
    adding = [house.amina.post("/materials", wool) for _ in range(used + free)]
    ids = [(await house.done(sent, 201))["id"] for sent in adding]
    rug = (await house.done(house.amina.post("/costing/products", {"name": "Rug"}), 201))["id"]
    parts = [{"kind": "material", "id": id, "quantity": "1"} for id in ids[:used]]
    path = f"/costing/products/{rug}"
    await house.done(house.amina.post(f"{path}/components", {"components": parts}))
    await keep(house, 0)
    for id in ids:
        await house.done(house.amina.delete(f"/materials/{id}"))
    return ids, path


async def test_what_is_used_keeps_nothing_that_was_deleted_later(house, monkeypatch):
    monkeypatch.setattr(bin, "MOST", 2)
    wools, rug = await yarns(house, used=5, free=3)
    top = await shelf(house, "top")
    await house.done(house.root.delete(f"/categories/{top}"))
    purged, kept = [], []
    for total, now in ((9, 2), (7, 2), (5, 0)):
        would = await look(house)
        assert (would["total"], would["now"]) == (total, now)
        purged += [thing["id"] for thing in would["examples"]]
        done = await house.done(house.root.post("/bin/purge", {"confirm": would["confirm"]}))
        assert done["purged"] == now
        kept += [(one["id"], one["code"]) for one in done["kept"]]
    assert purged == [*wools[5:], top]
    assert kept == [(id, "materials.in_use") for id in wools[:2]], "where there is room"
    await house.done(house.amina.post(f"{rug}/retire"))
    assert [(await purge(house))["purged"] for _ in range(3)] == [2, 2, 2]
    assert await binned(house, house.root) == []


async def test_what_is_used_goes_with_what_uses_it_though_that_is_read_later(house, monkeypatch):
    monkeypatch.setattr(bin, "MOST", 2)
    wools, rug = await yarns(house, used=1, free=0)
    await yarns(house, used=3, free=0)
    await house.done(house.amina.post(f"{rug}/retire"))
    would = await look(house)
    told = [(thing["context"], thing["id"]) for thing in would["examples"]]
    assert told == [("costing", rug.rpartition("/")[2]), ("materials", wools[0])]
    done = await house.done(house.root.post("/bin/purge", {"confirm": would["confirm"]}))
    assert (done["purged"], done["kept"]) == (2, [])


async def test_no_more_is_read_for_one_purge_than_is_said(house, monkeypatch):
    monkeypatch.setattr(bin, "MOST", 1)
    monkeypatch.setattr(due, "LOOKED", 2)
    await yarns(house, used=2, free=1)
    assert (await look(house))["now"] == 0
    monkeypatch.setattr(due, "LOOKED", 3)
    assert (await look(house))["now"] == 1


async def test_a_comment_comes_back_where_it_stood_by_whoever_removed_it(house):
    reel = await house.reel(await house.product("rug"))
    path = f"/reels/{reel}/comments"
    say = {"text": "Does it shrink?"}
    first = (await house.done(house.karim.post(path, say), 201))["id"]
    second = (await house.done(house.karim.post(path, say), 201))["id"]
    before = await house.seen(house.karim, path)
    await house.done(house.amina.delete(f"{path}/{first}"))
    assert [c["id"] for c in (await house.seen(house.karim, path))["items"]] == [second]
    refusal = await refused(house.karim.post(f"{path}/{first}/restore"))
    assert refusal == (422, "comments.removed_by_other")
    assert await refused(house.basma.post(f"{path}/{first}/restore")) == (
        403,
        "comments.not_yours",
    )
    await house.done(house.root.post(f"{path}/{first}/restore"))
    assert await house.seen(house.karim, path) == before
    assert (await house.counters(reel))["comments"] == 2
    await house.done(house.karim.delete(f"{path}/{first}"))
    refusal = await refused(house.root.post(f"{path}/{first}/restore"))
    assert refusal == (422, "comments.removed_by_other")
    await keep(house, 0)
    assert (await purge(house, context="comments"))["purged"] == 1
    refusal = await refused(house.karim.post(f"{path}/{first}/restore"))
    assert refusal == (422, "comments.purged")


async def test_a_reel_is_purged_with_its_place_in_the_library(house):
    film = await house.film()
    reel = await house.reel(await house.product("rug"), media=film)
    await house.hide(reel)
    await keep(house, 0)
    assert (await purge(house, context="reels"))["purged"] == 1
    assert await house.unseen(house.amina, f"/reels/{reel}") == (404, "reels.unknown_reel")
    assert (await house.seen(house.amina, f"/media/{film}"))["withheld"] == []
    assert await refused(house.amina.post(f"/reels/{reel}/restore")) == (422, "reels.purged")


async def test_a_purge_whose_answer_was_lost_is_answered_the_same_again(house):
    top = await shelf(house, "top")
    await house.done(house.root.delete(f"/categories/{top}"))
    await keep(house, 0)
    body = {"confirm": (await look(house))["confirm"]}
    headers = {"Idempotency-Key": "once"}
    first = await house.root.send("POST", "/bin/purge", json=body, headers=headers)
    house.at = first.json()["position"]
    await house.seen(house.root, "/bin")  # it is out of the bin
    again = await house.root.send("POST", "/bin/purge", json=body, headers=headers)
    assert (again.status_code, again.json()) == (200, first.json())
    assert first.json()["purged"] == 1


async def test_nothing_is_hung_on_what_lies_in_the_bin(house):
    rug, film = await product(house, "rug"), await house.film(kind="image")
    await house.done(house.amina.delete(f"/catalog/products/{rug}"))
    attach = house.amina.post(f"/media/{film}/attach", {"product": rug})
    assert await refused(attach) == (422, "catalog.retired")


async def test_its_prices_are_shown_to_whoever_it_is_shown_to(house):
    rug = await product(house, "rug")
    path, unknown = f"/catalog/products/{rug}/prices", (404, "catalog.unknown_product")
    price = {"price": {"amount": "9.00", "currency": "DZD"}}
    await house.done(house.amina.post(f"/catalog/products/{rug}/price", price))
    assert len((await house.seen(house.karim, path))["items"]) == 1
    await house.done(house.amina.delete(f"/catalog/products/{rug}"))
    assert await house.unseen(house.karim, path) == unknown
    assert len((await house.seen(house.amina, path))["items"]) == 1
    await keep(house, 0)
    await purge(house)
    assert await house.unseen(house.amina, path) == unknown


async def test_a_costed_product_goes_from_the_catalogue_and_from_what_it_is_made_of(house):
    rug = await product(house, "rug")
    wool = {"name": "Wool", "kind": "yarn", "unit": "kg", "sku": "W-1"}
    yarn = (await house.done(house.amina.post("/materials", wool), 201))["id"]
    costed = (await house.done(house.amina.post("/costing/products", {"name": "Rug"}), 201))["id"]
    path = f"/costing/products/{costed}"
    part = {"kind": "material", "id": yarn, "quantity": "1"}
    await house.done(house.amina.post(f"{path}/components", {"components": [part]}))
    await house.done(house.amina.post(f"{path}/sells", {"product": rug}))
    await house.done(house.amina.post(f"{path}/retire"))
    await house.done(house.amina.delete(f"/materials/{yarn}"))
    await keep(house, 0)
    assert (await purge(house))["purged"] == 2
    await house.done(house.amina.post("/materials", wool), 201)  # its SKU is free
    other = (await house.done(house.amina.post("/costing/products", {"name": "Rug"}), 201))["id"]
    await house.done(house.amina.post(f"/costing/products/{other}/sells", {"product": rug}))
