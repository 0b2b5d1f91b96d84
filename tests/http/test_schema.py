"""Schemathesis over the whole page, as each role: every answer is as documented."""

import asyncio
import collections
import itertools

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.carts.test_http import cart, price
from tests.offers.house import terms
from tests.support.http import page, running_api
from tests.support.patience import PATIENCE

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
PAGE = schemathesis.openapi.from_dict(msgspec.json.decode(msgspec.json.encode(page())))


def operations():
    for found in PAGE.get_all_operations():
        operation = found.ok()
        if operation.path.startswith("/api/v1"):
            yield operation


def documented(operation, status):
    """The codes that the page lists for an answer."""
    answer = operation.definition.raw["responses"][str(status)]
    return set(answer["content"]["application/problem+json"]["examples"])


async def known_ids(api, client):
    """What there is: karim has bought amina's tea, farid would have more of it for less, and the
    client has a cart of their own."""
    await api.market("amina", "farid")
    tea = await api.product("amina", "tea", stock=50)
    offer, negotiation = await bargain(api, tea)
    karim = api.of("buyer", "karim")
    bought = await cart(karim, (tea, 1))
    paying = {"payments": [{"method": "card"}]}
    wool = {"name": "Wool", "kind": "yarn", "unit": "g"}
    wool = (await api.of("seller", "amina").post("/materials", wool)).json()["id"]
    shelf = {"name": "Teas", "slug": "teas"}
    shelf = (await api.of("admin", "root").post("/categories", shelf)).json()["id"]
    scarf = (await api.of("seller", "amina").post("/costing/products", {"name": "Scarf"})).json()
    bulk = await in_bulk(api.of("seller", "amina"))
    receipt = (await karim.post(f"/carts/{bought}/check-out", paying)).json()
    paid = await karim.get(f"/payments/{receipt['id']}", after=receipt["position"])
    return {
        ("catalog", "id"): tea,
        ("categories", "id"): shelf,
        ("carts", "id"): await cart(client, (tea, 1)),
        ("materials", "id"): wool,
        ("costing", "id"): scarf["id"],
        ("projects", "id"): scarf["id"],
        ("bulks", "id"): bulk,
        ("orders", "id"): receipt["orders"][0]["id"],
        ("checkouts", "id"): receipt["id"],
        ("offers", "id"): offer,
        ("negotiations", "id"): negotiation,
        "checkout": receipt["id"],
        "payment": paid.json()["payments"][0]["id"],
        "product": tea,
        "user": "amina",
    }


async def in_bulk(client):
    """A bulk that has added a material."""
    body = {"operations": [{"op": "create", "name": "Silk", "kind": "yarn", "unit": "g"}]}
    preview = (await client.post("/materials/bulk", body)).json()
    ran = await client.post("/materials/bulk", body | {"confirm": preview["confirm"]})
    assert ran.status_code == 200, ran.text
    return ran.json()["id"]


async def bargain(api, product):
    """An offer of amina's, and farid's negotiation about it."""
    for user, tier in (("amina", "grossiste"), ("farid", "fournisseur")):
        shop = {"shop": user, "tier": tier}
        path = f"/identity/members/{user}/appoint-seller"
        assert (await api.of("admin", "root").post(path, shop)).status_code == 200
    body = terms((1, "12.00")) | {"product": product, "target": "fournisseur"}
    offer = (await api.of("seller", "amina").post("/offers", body)).json()["id"]
    asked = {"quantity": 2, "unit_price": price("9.00"), "note": "As last year?"}
    sent = await api.of("seller", "farid").post(f"/offers/{offer}/responses", asked)
    assert sent.status_code == 201, sent.text
    return offer, sent.json()["id"]


@pytest.mark.parametrize(
    ("role", "user", "examples"),  # requests for each operation
    [("admin", "root", 2), ("seller", "amina", 2), ("buyer", "karim", 1)],
)
async def test_every_answer_is_as_documented(stack, s3, database, role, user, examples):
    async with running_api(stack, database, s3_url=s3) as api:
        ids = await known_ids(api, api.of(role, user))
        loop, keys, wrong = asyncio.get_running_loop(), itertools.count(), []
        token, seen = api.token(role, user), collections.Counter()

        async def sent(case):
            said = case.as_transport_kwargs(base_url="http://souk")
            said["headers"] = {k.lower(): v for k, v in (said.get("headers") or {}).items()}
            said["headers"]["authorization"] = f"Bearer {token}"
            if "idempotency-key" in said["headers"]:
                said["headers"]["idempotency-key"] = f"k{next(keys)}"
            said.pop("cookies", None)
            return await api.http.request(**said)

        def tried(operation):
            context = operation.path.split("/")[3]

            @settings(
                max_examples=examples,
                database=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy())
            def attempt(case):
                for name in case.path_parameters or {}:
                    known = ids.get(name) or ids.get((context, name))
                    if known and next(keys) % 2:
                        case.path_parameters[name] = known
                if (case.query or {}).get("after"):
                    del case.query["after"]
                (case.headers or {}).pop("Souk-After", None)
                answer = asyncio.run_coroutine_threadsafe(sent(case), loop).result(PATIENCE)
                seen[answer.status_code] += 1
                case.validate_response(answer, checks=CHECKS)
                if answer.status_code >= 400:
                    assert answer.json()["code"] in documented(operation, answer.status_code)

            attempt()

        for operation in operations():
            try:
                await asyncio.to_thread(tried, operation)
            except BaseException as failure:
                wrong.append(f"{operation.method.upper()} {operation.path}: {failure}")
        assert seen[200] > examples
        assert seen[201] > 2
        assert seen[401] == 0
        assert seen[403] > 0 or role == "admin"  # who may do nearly everything
        if wrong:
            pytest.fail("\n\n".join(w[:1500] for w in wrong))
