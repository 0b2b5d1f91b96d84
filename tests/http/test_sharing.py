"""Lists that are the same for a whole tenant are shared for a moment, and no longer."""

import asyncio

import pytest

from adapters.postgres.together import Together
from application.ports import Unavailable
from entrypoints.http import sharing
from tests.policies.market import until

PATH = "/catalog/products"


@pytest.fixture
def api(town):
    return town.apart()


async def head(api):
    """The log's last position."""
    lags = await api.souk.positions.lags()
    return max(lag.position + lag.events for lag in lags.values())


async def test_a_list_is_shared_for_a_moment_and_seen_anew_after_a_write_of_ones_own(
    api, monkeypatch
):
    monkeypatch.setattr(sharing, "FRESH", 3600)
    await api.market("amina")
    await api.product("amina", "tea")
    karim, leila = api.of("buyer", "karim"), api.of("buyer", "leila")
    before = (await karim.get(PATH, after=await head(api))).json()["pagination"]["total"]
    assert before == 1
    assert len((await karim.get(PATH)).json()["items"]) == 1

    await api.product("amina", "lamp")
    assert len((await leila.get(PATH)).json()["items"]) == 1  # as karim was told
    assert len((await karim.get(PATH, after=await head(api))).json()["items"]) == 2
    assert len((await leila.get(PATH)).json()["items"]) == 2


@pytest.mark.parametrize(
    ("query", "headers", "is_after"),
    [
        (b"page=2", [], False),
        (b"search=after=", [], False),
        (b"page=2&after=7", [], True),
        (b"%61fter=7", [], True),
        (b"", [(b"souk-after", b"7")], True),
    ],
)
def test_however_it_is_said_what_is_to_be_after_a_position_is_noticed(query, headers, is_after):
    assert sharing._is_after({"query_string": query, "headers": headers}) is is_after


async def test_a_list_is_searched_in_any_script(api):
    await api.market("amina")
    seller, buyer = api.of("seller", "amina"), api.of("buyer", "karim")
    names = ("Théière", "إبريق", "Чайник", "茶壶瓷器")
    for number, name in enumerate(names):
        body = {"name": name, "slug": f"tea-{number}"}
        made = await seller.post(PATH, body | {"price": {"amount": "12.50", "currency": "DZD"}})
    after = made.json()["position"]
    for name in names:
        for answer in (
            await buyer.get(PATH, search=name, after=after),
            await buyer.get(f"{PATH}/search", q=name),
        ):
            assert answer.status_code == 200, answer.text
            assert [each["name"] for each in answer.json()["items"]] == [name]
    assert (await buyer.get(f"{PATH}/search", q="\ufffd\ufffd")).json()["items"] == []


async def test_what_is_shared_has_its_tag(api, monkeypatch):
    monkeypatch.setattr(sharing, "FRESH", 3600)
    await api.market("amina")
    await api.product("amina", "tea")
    karim = api.of("buyer", "karim")
    first = await karim.get(PATH)
    again = await karim.get(PATH)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    third = await karim.get(PATH)
    own = [answer.headers.get_list("x-correlation-id") for answer in (first, again, third)]
    assert [len(ids) for ids in own] == [1, 1, 1]  # never another's as well
    assert len({ids[0] for ids in own}) == 3
    unchanged = await karim.send("GET", PATH, headers={"if-none-match": first.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


async def test_a_list_is_shared_with_nobody_who_may_not_see_it(api, monkeypatch):
    monkeypatch.setattr(sharing, "FRESH", 3600)
    await api.market("amina")
    await api.product("amina", "tea")
    assert (await api.of("buyer", "karim").get(PATH)).status_code == 200
    stranger = api.of("buyer", "karim", tenant="elsewhere")
    assert (await stranger.get(PATH)).json()["items"] == []
    assert (await api.http.get(f"/api/v1{PATH}")).status_code == 401


async def test_a_shared_list_is_soon_made_again(api):
    await api.market("amina")
    await api.product("amina", "tea")
    karim = api.of("buyer", "karim")
    await karim.get(PATH, after=await head(api))
    await karim.get(PATH)
    await api.product("amina", "lamp")

    async def told_of_both():
        return len((await karim.get(PATH)).json()["items"]) == 2

    await until(told_of_both)


async def test_who_asks_while_a_list_is_made_waits_for_it_and_all_are_told_the_same(
    api, monkeypatch
):
    monkeypatch.setattr(sharing, "FRESH", 3600)
    await api.market("amina")
    await api.product("amina", "tea")
    made = []
    keep = sharing.Lists.keep
    monkeypatch.setattr(
        sharing.Lists,
        "keep",
        lambda lists, slot, answer: (made.append(slot), keep(lists, slot, answer)),
    )
    clients = [api.of("buyer", f"karim-{n}") for n in range(20)]
    answers = await asyncio.gather(*(client.get(PATH) for client in clients))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(made) == 1


async def test_when_the_one_who_makes_a_list_fails_the_others_make_their_own(api, monkeypatch):
    await api.market("amina")
    lists = sharing.Lists()
    slot = ("nowhere", PATH, b"")
    entered = asyncio.Event()

    async def fails(scope, receive, send):
        entered.set()
        await asyncio.sleep(0)
        raise RuntimeError("gone")

    first = asyncio.create_task(sharing._make(fails, {}, None, None, lists, slot, 0.0))
    await entered.wait()
    waiting = asyncio.create_task(sharing._found(lists, slot, 0.0))
    with pytest.raises(RuntimeError):
        await first
    assert await waiting is None
    assert lists.making == {}


@pytest.mark.parametrize("query", [{}, {"page": 1}])  # by the planned way, and the framework's
async def test_when_a_list_waited_for_a_server_in_vain_the_others_do_not_wait_for_it_again(
    api, monkeypatch, query
):
    await api.market("amina")
    clients = [api.of("buyer", f"karim-{n}") for n in range(4)]
    path, make, find, gone = f"/api/v1{PATH}", sharing._make, sharing._found, asyncio.Event()
    making, finding = [], []

    def made(*asked):
        making.append(asked)
        return make(*asked)

    def found(lists, slot, now):
        finding.append(slot[1])
        return find(lists, slot, now)

    async def waits(*_):
        await gone.wait()
        raise Unavailable("postgres")

    monkeypatch.setattr(sharing, "_make", made)
    monkeypatch.setattr(sharing, "_found", found)
    with monkeypatch.context() as away:
        away.setattr(Together, "__call__", waits)
        asking = [
            asyncio.create_task(client.send("GET", PATH, params=query, headers=sent))
            for client, sent in zip(clients, ({}, {}, {}, {"if-none-match": "*"}), strict=True)
        ]
        await until(lambda: finding == [path] * 4)
        gone.set()
        answers = await asyncio.gather(*asking)
    assert [answer.status_code for answer in answers] == [503] * 4
    assert len({answer.content for answer in answers}) == len(making) == 1
    assert {answer.headers["retry-after"] for answer in answers} == {"1"}
    assert len({answer.headers["x-correlation-id"] for answer in answers}) == 4
    later = await clients[0].get(PATH, **query)  # they try for themselves
    assert (later.status_code, len(making)) == (200, 2)


def test_lists_too_old_to_be_served_are_not_kept():
    lists, made = sharing.Lists(), sharing.FRESH / 2
    for n in range(100):
        slot, answer = ("bazaar", "/", b"%d" % n), sharing.Answer(n * made, b"", {}, b"")
        lists.keep(slot, answer)
        assert lists.get(slot, n * made) is answer
    assert len(lists._answers) == 3


def test_what_an_endless_query_asks_is_not_remembered():
    names = [f"{n}" for n in range(1000)]
    query = "&".join([*names, "after=1"]).encode()
    before = sharing._known.cache_info().currsize
    assert sharing._asked(query) == {*names, "after"}
    assert sharing._known.cache_info().currsize == before
