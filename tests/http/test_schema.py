"""Schemathesis over the whole page: no failure of ours, and every answer as documented."""

import asyncio
import collections
import itertools

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from entrypoints.http.app import http
from tests.support.http import running_api

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
EXAMPLES = 12  # requests for each operation
PAGE = schemathesis.openapi.from_dict(http(lambda: None).openapi_schema.to_schema())


def operations():
    for found in PAGE.get_all_operations():
        operation = found.ok()
        if operation.path.startswith("/api/v1"):
            yield operation


async def test_every_answer_is_as_documented(stack, database):
    async with running_api(stack, database) as api:
        await api.market("amina")
        known = await api.product("amina", "tea", stock=5)
        cart = await api.of("buyer", "root").post("/carts")
        loop, keys, wrong = asyncio.get_running_loop(), itertools.count(), []
        token, seen = api.token("admin", "root"), collections.Counter()

        async def sent(case):
            said = case.as_transport_kwargs(base_url="http://souk")
            said["headers"] = {k.lower(): v for k, v in (said.get("headers") or {}).items()}
            said["headers"]["authorization"] = f"Bearer {token}"
            if "idempotency-key" in said["headers"]:
                said["headers"]["idempotency-key"] = f"k{next(keys)}"
            said.pop("cookies", None)
            return await api.http.request(**said)

        def tried(operation):
            @settings(
                max_examples=EXAMPLES,
                database=None,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy())
            def attempt(case):
                for name, id in (("id", cart.json()["id"]), ("product", known), ("user", "amina")):
                    if name in (case.path_parameters or {}) and next(keys) % 2:
                        case.path_parameters[name] = id
                if (case.query or {}).get("after"):
                    del case.query["after"]
                (case.headers or {}).pop("Souk-After", None)
                answer = asyncio.run_coroutine_threadsafe(sent(case), loop).result(30)
                seen[answer.status_code] += 1
                case.validate_response(answer, checks=CHECKS)

            attempt()

        for operation in operations():
            try:
                await asyncio.to_thread(tried, operation)
            except BaseException as failure:
                wrong.append(f"{operation.method.upper()} {operation.path}: {failure}")
        assert seen[200] > 100
        assert seen[201] > 10
        assert seen[401] == 0
        if wrong:
            pytest.fail("\n\n".join(w[:1500] for w in wrong))
