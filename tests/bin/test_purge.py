"""Purging from the command line, after a crash, and against who restores meanwhile."""

import pytest

from application.bin import Condemned
from tests.bin.test_http import binned, keep, product, shelf
from tests.support.commands import souk


async def condemned(house):
    found = await house.seen(house.root, "/bin")
    return [
        Condemned(item["context"], item["id"], item["place"], tuple(item["media"]))
        for item in found["items"]
    ]


async def shown(house):
    """What is in the bin, once it is up to date with what a command has purged, too."""
    house.at = await house.souk.positions.head()
    return await binned(house, house.root)


async def test_an_operator_is_told_what_is_due_and_purges_it_by_saying_so(house):
    rug, top = await product(house, "rug"), await shelf(house, "top")
    await house.done(house.amina.delete(f"/catalog/products/{rug}"))
    await house.done(house.root.delete(f"/categories/{top}"))
    await house.seen(house.root, "/bin")
    words = "purge", "--tenant", house.tenant
    assert "0 would be purged" in (await souk(house.api, *words)).output
    early = await souk(house.api, *words, "--older-than", "10")
    assert (early.exit_code, "kept for 90 days" in early.output) == (2, True)
    await keep(house, 0)
    await house.seen(house.root, "/bin")
    told = (await souk(house.api, *words)).output
    assert f"catalog/{rug}  Rug" in told
    assert "2 would be purged; say --confirm to do it" in told
    assert len(await binned(house, house.root)) == 2
    told = (await souk(house.api, *words, "--context", "categories", "--confirm")).output
    assert told == "1 purged\n"
    assert await shown(house) == [("catalog", rug)]
    assert (await souk(house.api, *words, "--confirm")).output == "1 purged\n"
    assert await shown(house) == []
    assert (await souk(house.api, *words, "--confirm")).output == "0 purged\n"


@pytest.mark.parametrize("context", ["catalog", "categories"])
async def test_a_purge_that_broke_off_is_finished_by_the_next(house, context):
    if context == "catalog":
        ids = [await product(house, slug) for slug in ("rug", "tea", "jar")]
        path = "/catalog/products"
    else:
        ids = [await shelf(house, slug) for slug in ("rug", "tea", "jar")]
        path = "/categories"
    for id in ids:
        await house.done(house.root.delete(f"{path}/{id}"))
    things = await condemned(house)
    await house.souk.bin.purge(house.call("root"), things[:2])  # and then it was killed
    done = await house.souk.bin.purge(house.call("root"), things)
    assert (done.purged, done.kept) == (3, ())
    house.at = done.position
    assert await binned(house, house.root) == []


@pytest.mark.parametrize(
    ("context", "restored"), [("catalog", "catalog.not_retired"), ("categories", "bin.changed")]
)
async def test_what_came_back_since_it_was_looked_at_stays_even_if_it_was_deleted_again(
    house, context, restored
):
    if context == "catalog":
        path, make = "/catalog/products", product
    else:
        path, make = "/categories", shelf
    rug, tea, jar = [await make(house, slug) for slug in ("rug", "tea", "jar")]
    for id in (rug, tea, jar):
        await house.done(house.root.delete(f"{path}/{id}"))
    things = await condemned(house)
    for id in (rug, tea):
        await house.done(house.root.post(f"{path}/{id}/restore"))
    await house.done(house.root.delete(f"{path}/{tea}"))
    done = await house.souk.bin.purge(house.call("root"), things)
    assert done.purged == 1
    assert {(kept.id, kept.code) for kept in done.kept} == {(rug, restored), (tea, "bin.changed")}
    house.at = max(house.at, done.position)
    assert await binned(house, house.root) == [(context, tea)]
