"""Every route of the API against one corpus of nonsense: a 4xx with a documented code, always."""

import json
from posixpath import normpath

import pytest

from tests.support.http import page, running_api

ID = "018f2f0e-6f3c-7c1e-9a51-0e7a4b6f1a2d"
JSON = {"content-type": "application/json"}
PAGE = page()
ROUTES = [
    (method.upper(), path, operation)
    for path, item in PAGE["paths"].items()
    for method, operation in item.items()
    if method in ("get", "post", "put", "delete") and path.startswith("/api/v1")
]
BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "null": b"null",
    "a list": b"[]",
    "a word": b'"x"',
    "NaN": b"NaN",
    "no UTF-8": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "an unknown field": b'{"no such field": 1}',
}
SECONDS = ("2026", "253402300799.9999999", "253402300800", "1e400")  # since 1970
VALUES = (
    b"253402300800.5",
    b'"a\\u0000b"',
    b'"\\ud800"',
    b'"' + b"x" * 20_000 + b'"',
    str(2**64).encode(),
    str(-(10**400)).encode(),
    b"1e999",
    b"-1",
    b"0.5",
    b"[[]]",
    b'{"amount":"NaN","currency":"DZD"}',
    b'{"amount":"1","currency":"\\u0000"}',
)
QUERIES = (
    "page=0",
    f"page={10**30}",
    "limit=11",
    "after=-1",
    f"after={2**63}",
    "after=x",
    "x=%00",
    "search=%00",
    "%00=1",
)


@pytest.fixture(scope="module")
async def market(stack, new_database):
    database = new_database()
    async with running_api(stack, database) as api:
        await api.market("amina")
        yield api
    stack.drop(database)


def url(path, id=ID):
    parts = (id if part.startswith("{") else part for part in path.split("/"))
    return "/".join(parts)


def fields(operation):
    """The names of the body's fields, by the schema that the page refers to."""
    if "requestBody" not in operation:
        return None
    (content,) = operation["requestBody"]["content"].values()
    name = content["schema"]["$ref"].rpartition("/")[2]
    return PAGE["components"]["schemas"][name].get("properties", {})


def codes(operation, status):
    return operation["responses"].get(str(status), {"description": ""})["description"]


def assert_refused(answer, operation, what):
    assert 400 <= answer.status_code < 500, (what, answer.status_code, answer.text[:200])
    assert answer.headers["content-type"].startswith("application/problem+json"), what
    problem = answer.json()
    assert problem["code"] in codes(operation, answer.status_code), (what, problem)


@pytest.mark.parametrize(
    ("method", "path", "operation"), ROUTES, ids=[f"{m} {p}" for m, p, _ in ROUTES]
)
async def test_a_route_refuses_nonsense(market, method, path, operation):
    admin = market.of("admin", "root")

    async def send(to, headers=None, key="k", **more):
        headers = ({"idempotency-key": key} if method != "GET" else {}) | (headers or {})
        return await admin.send(method, to.removeprefix("/api/v1"), headers=headers, **more)

    if (known := fields(operation)) is not None:
        for what, body in BODIES.items():
            answer = await send(url(path), JSON, what, content=body)
            if what == "an unknown field" or known:
                assert_refused(answer, operation, what)
        for name in known:
            for n, value in enumerate(VALUES):
                body = b'{"%s":%s}' % (name.encode(), value)
                answer = await send(url(path), JSON, f"{name} {n}", content=body)
                assert_refused(answer, operation, body[:80])
        answer = await send(url(path), {"content-type": "text/plain"}, content=b"{}")
        assert_refused(answer, operation, "text/plain")
    elif method != "GET":
        for body in (b"not json", b"[0]", b"0", b'{"amount":1}', b"\xff", b"[" * 100_000):
            answer = await send(url(path), JSON, content=body)
            assert_refused(answer, operation, body[:20])
            assert (answer.json()["code"], body[:20]) == ("malformed", body[:20])
    if "{" in path:
        for id in ("%00", "a%00b", "x" * 300, "..", "%ff", "a%2fb", "%ed%a0%80"):
            if normpath(url(path, id)) in PAGE["paths"]:
                continue  # a client that tidies up asks for another route
            answer = await send(url(path, id))
            assert answer.status_code in (400, 404, 405), (id, answer.status_code)
            told, usual = answer.json()["code"], ("malformed", "not_found", "method_not_allowed")
            assert told in usual or told in codes(operation, 404), id  # any text may be an id
    if method == "GET":
        for query in QUERIES:
            if query.partition("=")[0] in named(operation) or "%00" in query:
                assert_refused(await send(f"{url(path)}?{query}"), operation, query)
        for name in timed(operation):
            for seconds in SECONDS:
                refused = await send(f"{url(path)}?{name}={seconds}")
                assert_refused(refused, operation, f"{name}={seconds}")
        if "Souk-After" in named(operation):  # it answers something of a projection
            answer = await send(url(path), {"souk-after": "-1"})
            assert_refused(answer, operation, "Souk-After")
    elif "Idempotency-Key" in named(operation):
        refused = await send(url(path), JSON, "k" * 256, content=b"{}")
        assert_refused(refused, operation, "a long key")
    odd = {"x-correlation-id": b"\xff\xfe\x80", "if-none-match": b"\xf0\x9f"}
    answer = await send(url(path), odd)
    assert answer.status_code < 500


def named(operation):
    return {parameter["name"] for parameter in operation.get("parameters", [])}


def timed(operation):
    """The parameters that are times."""
    parameters = operation.get("parameters", [])
    return {p["name"] for p in parameters if p["schema"].get("format") == "date-time"}


async def test_eleven_megabytes_are_too_many_on_every_command(market):
    admin = market.of("admin", "root")
    body = json.dumps("x" * 11 * 1024 * 1024).encode()
    for method, path, operation in ROUTES:
        if "requestBody" in operation:
            headers = JSON | {"idempotency-key": "k"}
            to = url(path).removeprefix("/api/v1")
            answer = await admin.send(method, to, headers=headers, content=body)
            assert (answer.status_code, path) == (413, path)
            assert_refused(answer, operation, path)
