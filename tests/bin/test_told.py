"""What is purged says so on every route that there is for it, and the OpenAPI page says so, too."""

from tests.bin.test_http import keep, purge
from tests.categories.test_http import product, shelf
from tests.support.http import page

WOOL = {"name": "Wool", "kind": "yarn", "unit": "kg"}
ROOTS = {
    "catalog": ("/catalog/products/{id}",),
    "categories": ("/categories/{id}",),
    "comments": ("/reels/{id}/comments/{comment}",),
    "costing": ("/costing/products/{id}", "/projects/{id}"),
    "materials": ("/materials/{id}",),
    "reels": ("/reels/{id}",),
}


async def purged(house):
    """One of each, by its context; and the reel that lives, which the comment was about."""
    reel, other = [await house.reel(await product(house, slug)) for slug in ("bowl", "jar")]
    comments = f"/reels/{reel}/comments"
    made = {"catalog": await product(house, "rug"), "categories": await shelf(house, "top")}
    for context, path, body in (
        ("comments", comments, {"text": "Does it shrink?"}),
        ("costing", "/costing/products", {"name": "Rug"}),
        ("materials", "/materials", WOOL),
    ):
        made[context] = (await house.done(house.root.post(path, body), 201))["id"]
        if context != "costing":
            await house.done(house.root.delete(f"{path}/{made[context]}"))
    await house.done(house.root.post(f"/costing/products/{made['costing']}/retire"))
    await house.done(house.root.delete(f"/catalog/products/{made['catalog']}"))
    await house.done(house.root.delete(f"/categories/{made['categories']}"))
    await house.hide(other)
    await keep(house, 0)
    assert (await purge(house))["purged"] == len(ROOTS)
    return made | {"reels": other}, reel


def commands(context):
    """Method, path, body and answers of every command on one."""
    for path, item in page()["paths"].items():
        if path.removeprefix("/api/v1").startswith(ROOTS[context]):
            for method, operation in item.items():
                if method != "get":
                    yield method.upper(), path.removeprefix("/api/v1"), operation


def example(operation):
    for content in operation.get("requestBody", {"content": {}})["content"].values():
        return {"json": content["examples"]["example"]["value"]}
    return {}


async def test_what_is_purged_is_refused_with_a_code_that_the_page_lists(house):
    things, reel = await purged(house)
    for context, id in things.items():
        told, unlisted = set(), []
        for method, path, operation in commands(context):
            ids = {"{id}": reel if context == "comments" else id, "{comment}": id}
            url = "/".join(ids.get(part, part) for part in path.split("/"))
            key = {"idempotency-key": f"{method} {path}"}
            answer = await house.root.send(method, url, headers=key, **example(operation))
            told.add(code := answer.json().get("code"))
            listed = operation["responses"].get(str(answer.status_code), {}).get("content", {})
            if code and not any(code in kind["examples"] for kind in listed.values()):
                unlisted.append(f"{method} {path}: {code}")
        assert f"{context}.purged" in told
        assert unlisted == []


def test_every_route_with_an_id_in_it_says_that_it_may_be_none():
    silent = [
        f"{method} {path}"
        for path, item in page()["paths"].items()
        for method, operation in item.items()
        if "{" in path and path.startswith("/api/v1") and "responses" in operation
        if "not_found" not in str(operation["responses"].get("404", {}).get("description"))
    ]
    assert silent == []
