"""Following the log: recorded once, told by those alone who began it, and nothing is left out."""

import pytest

from adapters.audit.filters import Filter
from adapters.audit.tails import UNKNOWN_TAIL, Tails
from application.ports import Missing
from tests.support.http import running_api


@pytest.fixture(scope="module")
async def api(stack, new_database):
    database = new_database()
    async with running_api(stack, database, projecting=False) as api:
        await api.market("amina")
        await api.market("zoe", tenant="other")
        yield api
    stack.drop(database)


@pytest.fixture
def auditor(api):
    return api.of("auditor", "nadia")


async def told(client, path="", **query):
    answer = await client.get(f"/audit/tail{path}", **query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    return answer.json()


async def readings(api):
    entries = (await told(api.of("auditor", "omar"), context="audit"))["items"]
    return [each["data"] for each in entries if each["actor"] == "nadia"]


async def test_only_auditors_and_admins_may_follow_the_log(api, auditor):
    tail = (await told(auditor))["id"]
    for role in ("buyer", "seller"):
        for path in ("", f"/{tail}"):
            answer = await api.of(role, "nadia").get(f"/audit/tail{path}", after=0)
            assert answer.status_code == 403


async def test_it_begins_with_the_newest_entries_oldest_first(api, auditor):
    await api.product("amina", "mug")
    begun = await told(auditor)
    positions = [each["position"] for each in begun["items"]]
    assert positions == sorted(positions)
    assert positions[-1] == begun["position"]  # its own reading
    assert begun["items"][-1]["tag"] == "audit.history_read"
    assert begun["complete"]
    assert {each["tenant"] for each in begun["items"]} == {"bazaar"}
    assert {each["changes"] for each in begun["items"]} == {None}


async def test_following_tells_what_came_since_once_and_is_not_recorded_again(api, auditor):
    begun = await told(auditor)
    before = len(await readings(api))
    made = [await api.product("amina", slug) for slug in ("tea", "rug", "cup")]
    news = await told(auditor, f"/{begun['id']}", after=begun["position"])
    created = [each["id"] for each in news["items"] if each["tag"] == "catalog.product_created"]
    assert (created, news["complete"]) == (made, True)
    again = await told(auditor, f"/{begun['id']}", after=news["position"])
    assert (again["items"], again["position"]) == ([], news["position"])
    assert len(await readings(api)) == before


async def test_what_is_recorded_is_what_is_followed_and_why(api):
    nadia = api.of("auditor", "nadia")
    headers = {"souk-purpose": "a complaint"}
    await nadia.send("GET", "/audit/tail", headers, params={"tag": "catalog.product_created"})
    assert (await readings(api))[-1] == {
        "what": "GET /api/v1/audit/tail",
        "query": '{"tag":"catalog.product_created"}',
        "purpose": "a complaint",
    }


async def test_only_what_was_asked_for_is_told(api, auditor):
    begun = await told(auditor, context="inventory", actor="amina")
    await api.product("amina", "bowl", stock=3)
    news = await told(auditor, f"/{begun['id']}", after=begun["position"])
    assert {each["context"] for each in news["items"]} == {"inventory"}


async def test_what_was_there_before_it_began_is_another_reading(api, auditor):
    await api.product("amina", "old")
    begun = await told(auditor)
    assert (await told(auditor, f"/{begun['id']}", after=0))["items"] == []
    new = await api.product("amina", "new")
    (found,) = (await told(auditor, f"/{begun['id']}", after=0))["items"]
    assert found["id"] == new


async def test_a_tail_goes_on_where_another_ended(api, auditor):
    ended = await told(auditor)
    new = await api.product("amina", "vase")
    begun = await told(auditor, after=ended["position"])
    assert [each["tag"] for each in begun["items"]] == [
        "catalog.product_created",
        "audit.history_read",
    ]
    assert begun["items"][0]["id"] == new


async def test_of_very_much_only_the_newest_is_told_and_that_it_is_not_all(api):
    souk = api.souk
    tails = Tails(souk.history, souk.project, souk.settings.secret, most=2)
    begun = await tails.begin("bazaar", "nadia", Filter(context="catalog"), None)
    made = [await api.product("amina", slug) for slug in ("jar", "lid", "pot")]
    news = await tails.follow("bazaar", "nadia", begun.id, begun.position)
    assert ([each.id for each in news.items], news.complete) == (made[1:], False)
    last = news.items[0].position - 1
    assert (await tails.follow("bazaar", "nadia", begun.id, last)).complete


async def test_nobody_else_may_follow_it_nor_its_reader_for_ever(api, auditor):
    begun = await told(auditor)
    for other in (api.of("auditor", "omar"), api.of("auditor", "nadia", "other")):
        refused = await other.get(f"/audit/tail/{begun['id']}", after=0)
        assert (refused.status_code, refused.json()["code"]) == (404, UNKNOWN_TAIL)
    for forged in (f"{begun['id'][:-2]}AA", "A" * 80, "A"):
        refused = await auditor.get(f"/audit/tail/{forged}", after=0)
        assert (refused.status_code, refused.json()["code"]) == (404, UNKNOWN_TAIL)
    souk = api.souk
    tails = Tails(souk.history, souk.project, souk.settings.secret, lasts=-1)
    older = tails._id({"tenant": "bazaar", "user": "nadia"})  # as other code may have signed it
    refused = await auditor.get(f"/audit/tail/{older}", after=0)
    assert (refused.status_code, refused.json()["code"]) == (404, UNKNOWN_TAIL)
    over = await tails.begin("bazaar", "nadia", Filter(), None)
    with pytest.raises(Missing, match=UNKNOWN_TAIL):
        await tails.follow("bazaar", "nadia", over.id, 0)
