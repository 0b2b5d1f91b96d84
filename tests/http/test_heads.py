"""HEAD answers what GET does, without the body."""

import pytest

UNKNOWN = "01890000-0000-7000-8000-000000000000"
ITS_OWN = {"x-correlation-id", "date"}


@pytest.fixture
def api(town):
    return town.apart()


async def shelf(api):
    """A product that the tables show, as they will stay."""
    await api.market("sara")
    mug = await api.product("sara", "mug")
    done = await api.of("seller", "sara").post(f"/inventory/{mug}/receive", {"quantity": 5})
    bob = api.of("buyer", "bob")
    for path in (f"/catalog/products/{mug}", "/catalog/products"):
        await bob.get(path, after=done.json()["position"])
    return mug, bob


def told(answer):
    return {k: v for k, v in answer.headers.items() if k not in ITS_OWN}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/catalog/products", 200),
        ("/catalog/products?limit=nonsense", 400),
        (f"/catalog/products/{UNKNOWN}", 404),
        ("/orders", 200),
        ("/identity/members", 403),
        ("/nowhere", 404),
    ],
)
async def test_whatever_can_be_read_can_be_asked_about(api, path, status):
    _, bob = await shelf(api)
    read, asked = await bob.send("GET", path), await bob.send("HEAD", path)
    assert (read.status_code, asked.status_code) == (status, status)
    assert told(asked) == told(read)
    assert read.content
    assert asked.content == b""


async def test_what_is_known_already_need_not_be_sent(api):
    mug, bob = await shelf(api)
    etag = (await bob.send("HEAD", f"/catalog/products/{mug}")).headers["etag"]
    again = await bob.send("HEAD", f"/catalog/products/{mug}", headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")


async def test_monitors_and_browsers_need_no_token_for_it(api, unhurried):
    for path in ("/health/live", "/health/ready", "/.well-known/jwks.json", "/docs", "/console"):
        asked = await api.http.head(path)
        assert (asked.status_code, asked.content) == (200, b""), path
    assert (await api.http.head("/api/v1/orders")).status_code == 401


async def test_what_only_takes_commands_is_not_read(api):
    refused = await api.of("seller", "sara").send("HEAD", f"/orders/{UNKNOWN}/confirm")
    assert (refused.status_code, refused.content) == (405, b"")
    asked = await api.of("seller", "sara").send("PUT", "/carts")
    assert asked.status_code == 405
    assert {*asked.headers["allow"].split(", ")} == {"GET", "HEAD", "OPTIONS", "POST"}
