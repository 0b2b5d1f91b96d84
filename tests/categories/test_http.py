"""Categories over HTTP: staff arrange the shelves, sellers fill them, buyers find what is there."""

from uuid import uuid4

from tests.reels.house import refused

FORBIDDEN = (403, "forbidden")
UNKNOWN = (404, "categories.unknown_category")


async def shelf(house, slug, parent=None):
    body = {"name": slug.title(), "slug": slug, "parent": parent}
    return (await house.done(house.root.post("/categories", body), 201))["id"]


async def shelves(house):
    """Food above tea above mint, and drinks."""
    food = await shelf(house, "food")
    tea = await shelf(house, "tea", food)
    return food, tea, await shelf(house, "mint", tea), await shelf(house, "drinks")


async def drawn(house):
    tree = await house.seen(house.karim, "/categories")
    return [
        "  " * (branch["depth"] - 1) + branch["name"] + " (retired)" * branch["retired"]
        for branch in tree["items"]
    ]


async def product(house, slug, shelf=None, **more):
    price = {"amount": "1.00", "currency": "DZD"}
    body = {"name": slug.title(), "slug": slug, "price": price, "category_id": shelf} | more
    return (await house.done(house.amina.post("/catalog/products", body), 201))["id"]


async def found(house, category):
    shown = await house.seen(house.karim, "/catalog/products", category=category)
    return sorted(item["name"] for item in shown["items"])


async def test_staff_arrange_the_tree_and_everyone_reads_it(house):
    assert await drawn(house) == []
    food, tea, mint, drinks = await shelves(house)
    assert await drawn(house) == ["Drinks", "Food", "  Tea", "    Mint"]
    moved = await house.done(house.root.post(f"/categories/{tea}/move", {"parent": drinks}))
    assert (moved["id"], moved["version"]) == (tea, 5)
    await house.done(house.root.post(f"/categories/{mint}/rename", {"name": "Fresh mint"}))
    await house.done(house.root.delete(f"/categories/{food}"))
    assert await drawn(house) == ["Drinks", "  Tea", "    Fresh mint", "Food (retired)"]
    one = await house.seen(house.amina, f"/categories/{mint}")
    assert (one["name"], one["slug"], one["parent"]) == ("Fresh mint", "mint", tea)
    await house.done(house.root.post(f"/categories/{food}/restore"))
    assert (await house.seen(house.olga, f"/categories/{food}"))["retired"] is False


async def test_only_staff_change_it_and_only_what_is_there(house, houses):
    food, tea, mint, _ = await shelves(house)
    other = await houses()
    for client in (house.amina, house.karim, house.olga):
        for path, body in (
            ("", {"name": "X", "slug": "x"}),
            (f"/{tea}/rename", {"name": "X"}),
            (f"/{tea}/move", {"parent": None}),
            (f"/{mint}/retire", None),
            (f"/{mint}/restore", None),
        ):
            assert await refused(client.post(f"/categories{path}", body)) == FORBIDDEN
    for client, id in ((house.root, uuid4()), (other.root, tea)):
        for step, body in (("rename", {"name": "X"}), ("move", {"parent": None}), ("retire", None)):
            assert await refused(client.post(f"/categories/{id}/{step}", body)) == UNKNOWN
    assert await other.unseen(other.karim, f"/categories/{tea}") == UNKNOWN
    assert await drawn(other) == []
    for path, body, code in (
        (f"/{food}/move", {"parent": mint}, "cycle"),
        (f"/{food}/retire", None, "not_empty"),
        (f"/{tea}/rename", {"name": "X", "slug": "mint"}, "slug_taken"),
        ("", {"name": "X", "slug": "x", "parent": str(uuid4())}, "unknown_parent"),
    ):
        sent = house.root.post(f"/categories{path}", body)
        assert await refused(sent) == (422, f"categories.{code}")


async def test_lists_find_what_is_in_a_category_and_below_it_wherever_it_moves(house):
    food, tea, mint, drinks = await shelves(house)
    await product(house, "couscous", food)
    await product(house, "sencha", tea)
    await product(house, "nana", mint)
    await product(house, "kettle", category="tea")  # by the free text alone
    await product(house, "rug")
    for category in (food, "food"):
        assert await found(house, category) == ["Couscous", "Nana", "Sencha"]
    assert await found(house, "tea") == ["Kettle", "Nana", "Sencha"]
    assert await found(house, mint) == ["Nana"]
    assert await found(house, drinks) == []
    await house.done(house.root.post(f"/categories/{tea}/move", {"parent": drinks}))
    assert await found(house, "food") == ["Couscous"]
    assert await found(house, "drinks") == ["Nana", "Sencha"]
    renamed = {"name": "Herbs", "slug": "herbs"}
    await house.done(house.root.post(f"/categories/{mint}/rename", renamed))
    assert await found(house, "mint") == []
    assert await found(house, "herbs") == ["Nana"]


async def test_a_product_stays_in_what_is_retired_and_none_comes_into_it(house):
    _, _, mint, drinks = await shelves(house)
    nana = await product(house, "nana", mint)
    path = f"/catalog/products/{nana}"
    await house.done(house.root.post(f"/categories/{mint}/retire"))

    async def shown():
        seen = await house.seen(house.karim, path)
        return seen["category_id"], seen["category_retired"]

    assert await shown() == (mint, True)
    assert await found(house, mint) == ["Nana"]
    assert await found(house, "mint") == []
    assert await found(house, "food") == ["Nana"]
    same = {"name": "Nana mint", "slug": "nana", "category_id": mint}
    await house.done(house.amina.post(f"{path}/describe", same))
    assert await shown() == (mint, True)
    await house.done(house.amina.post(f"{path}/describe", same | {"category_id": drinks}))
    assert await shown() == (drinks, False)
    back = house.amina.post(f"{path}/describe", same)
    assert await refused(back) == (422, "catalog.category_retired")
    nowhere = house.amina.post(f"{path}/describe", same | {"category_id": str(uuid4())})
    assert await refused(nowhere) == (422, "catalog.unknown_category")
    new = {"name": "X", "slug": "x", "price": {"amount": "1.00", "currency": "DZD"}}
    sent = house.amina.post("/catalog/products", new | {"category_id": mint})
    assert await refused(sent) == (422, "catalog.category_retired")
    await house.done(house.root.post(f"/categories/{mint}/restore"))
    await house.done(house.amina.post(f"{path}/describe", same))
    assert await shown() == (mint, False)
