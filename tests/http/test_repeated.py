"""A header that is sent twice is refused where it could mean two things, on either path."""

import pytest

from tests.catalog.test_http import TEA
from tests.http.test_malformed import PATH


@pytest.fixture
def api(town):
    return town.apart()


async def sent(api, method, path, repeated, **more):
    """With each header on a line of its own."""
    token = ("authorization", f"Bearer {api.token('seller', 'amina')}")
    return await api.http.request(method, f"/api/v1{path}", headers=[token, *repeated], **more)


@pytest.mark.parametrize("path", ["/orders", "/orders?page=1", PATH], ids=["direct", "not", "list"])
async def test_two_positions_to_wait_for_are_refused(api, path):
    await api.market("amina")
    for one, other in (("1", "9999"), ("9999", "1"), ("1", "1"), ("1", "")):
        twice = [("Souk-After", one), ("souk-after", other)]
        answer = await sent(api, "GET", path, twice)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), (one, other)
        assert answer.json()["detail"] == "souk-after: sent twice"
    assert (await sent(api, "GET", path, [("souk-after", "1")])).status_code == 200


async def test_two_keys_of_one_command_and_two_tokens_are_refused(api):
    await api.market("amina")
    for name in ("Idempotency-Key", "Authorization"):
        twice = [("idempotency-key", "k"), (name, "l"), (name, "m")]
        answer = await sent(api, "POST", PATH, twice, json=TEA)
        assert (answer.status_code, answer.json()["detail"]) == (400, f"{name.lower()}: sent twice")
    assert (await sent(api, "POST", PATH, [("idempotency-key", "k")], json=TEA)).status_code == 201


@pytest.mark.parametrize(
    "path", ["/orders", "/orders?page=1", PATH, "/console"], ids=["direct", "not", "list", "file"]
)
async def test_tags_on_two_lines_are_one_list(api, path):
    await api.market("amina")
    url = path if path == "/console" else f"/api/v1{path}"
    token = ("authorization", f"Bearer {api.token('seller', 'amina')}")
    tag = (await api.http.get(url, headers=[token])).headers["etag"]
    for tags, status in (([f'W/"x", {tag}'], 304), (['"x"', tag], 304), (['"x"', '"y"'], 200)):
        repeated = [("If-None-Match", each) for each in tags]
        answer = await api.http.get(url, headers=[token, *repeated])
        assert (answer.status_code, tags) == (status, tags)
