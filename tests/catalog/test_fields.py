"""Fields of a seller's own: what they may be, and how products are found by them."""

from domain import catalog
from domain.catalog import MOST_FIELDS, CustomFieldSet, SetFields
from tests.catalog.test_rules import created
from tests.reels.house import refused
from tests.support.deciders import given

RED, ORGANIC = CustomFieldSet("colour", "red"), CustomFieldSet("organic", True)


def test_each_field_that_is_news_is_an_event():
    wanted = SetFields({"organic": True, "colour": "red"})
    given(catalog, created).when(wanted).then(RED, ORGANIC)
    given(catalog, created, RED).when(wanted).then(ORGANIC)
    given(catalog, created, RED, ORGANIC).when(wanted).then()
    given(catalog, created, RED).when(SetFields({})).then()


def test_a_field_is_taken_away_once():
    gone = CustomFieldSet("colour", None)
    given(catalog, created, RED).when(SetFields({"colour": None})).then(gone)
    given(catalog, created, RED, gone).when(SetFields({"colour": None})).then()


def test_a_truth_is_no_text():
    told = SetFields({"organic": "true"})
    given(catalog, created, ORGANIC).when(told).then(CustomFieldSet("organic", "true"))


def test_what_is_no_field_is_refused():
    for name, value in (
        ("Colour", "red"),
        ("", "red"),
        ("1st", "red"),
        ("c" * 41, "red"),
        ("colour\n", "red"),
        ("colour", ""),
        ("colour", "r" * 501),
    ):
        wanted = SetFields({name: value})
        given(catalog, created).when(wanted).rejected("catalog.field_malformed")
    longest = SetFields({"c" * 40: "r" * 500})
    given(catalog, created).when(longest).then(CustomFieldSet("c" * 40, "r" * 500))


def test_a_product_has_fifty_fields_at_the_most():
    full = [CustomFieldSet(f"f{n:02}", "x") for n in range(MOST_FIELDS)]
    one_more = SetFields({"colour": "red"})
    given(catalog, created, *full).when(one_more).rejected("catalog.too_many_fields")
    instead = SetFields({"colour": "red", "f00": None})
    given(catalog, created, *full).when(instead).then(RED, CustomFieldSet("f00", None))


async def test_a_product_shows_its_fields_and_is_found_by_them(api):
    await api.market("amina", "basma")
    seller, buyer = api.of("seller", "amina"), api.of("buyer", "karim")
    red, blue = [await api.product("amina", slug) for slug in ("red-tea", "blue-tea")]
    for id, fields in (
        (red, {"colour": "red", "organic": True, "leaf": "2.5"}),
        (blue, {"colour": "blue", "organic": True, "old": "x"}),
        (blue, {"old": None}),
    ):
        done = await seller.post(f"/catalog/products/{id}/fields", {"fields": fields})
        assert done.status_code == 200, done.text
    after = done.json()["position"]
    again = await seller.post(f"/catalog/products/{blue}/fields", {"fields": {"colour": "blue"}})
    assert again.json()["position"] == after

    shown = (await buyer.get(f"/catalog/products/{blue}", after=after)).json()
    assert shown["fields"] == {"colour": "blue", "organic": True}
    for query, ids in (
        ({"field.colour": "red"}, [red]),
        ({"field.colour": "re"}, []),
        ({"field.organic": "true"}, [blue, red]),
        ({"field.organic": "true", "field.colour": "blue"}, [blue]),
        ({"field.leaf": "2.5"}, [red]),
        ({"field.old": "x"}, []),
        ({"field.nothing": '"}'}, []),
        ({"field.colour": "red", "in_stock": True}, []),
    ):
        found = (await buyer.get("/catalog/products", after=after, **query)).json()
        assert [product["id"] for product in found["items"]] == ids, query

    for name, value in (("Colour", "red"), ("", "red"), ("a", ["1", "2"]), ("a", "\0")):
        sent = buyer.get("/catalog/products", **{f"field.{name}": value})
        assert await refused(sent) == (400, "malformed")
    path = f"/catalog/products/{red}/fields"
    for fields in ({"Colour": "red"}, {"colour": 7}, {"colour": ["red"]}, {"colour": "r" * 501}):
        assert await refused(seller.post(path, {"fields": fields})) == (400, "malformed")
    stranger = api.of("seller", "basma").post(path, {"fields": {"colour": "pink"}})
    assert await refused(stranger) == (403, "catalog.not_yours")
