"""Members over HTTP."""

import asyncio
from uuid import uuid4

import pytest

from application.ports import Call
from domain.kernel import Rejected
from tests.support.patience import PATIENCE


@pytest.fixture
def api(town):
    return town.apart()


async def test_a_members_name_is_shown_to_themselves_and_to_staff_only(api):
    await api.market()
    admin = api.of("admin", "root")
    new = {"user": "ada", "role": "buyer", "name": "Ada Lovelace"}
    after = (await admin.post("/identity/members", new)).json()["position"]

    own = await api.of("buyer", "ada").get("/identity/members/ada", after=after)
    assert own.json()["personal"] == {"name": "Ada Lovelace"}
    assert (await admin.get("/identity/members/ada")).json()["personal"]["name"] == "Ada Lovelace"
    others = (await api.of("buyer", "bo").get("/identity/members/ada")).json()
    assert "personal" not in others


async def test_staff_list_the_members_and_a_buyer_does_not(api):
    await api.market("amina")
    admin = api.of("admin", "root")
    after = (await admin.post("/identity/members", {"user": "bo", "role": "buyer"})).json()
    listed = await admin.get("/identity/members", after=after["position"])
    assert [m["id"] for m in listed.json()["items"]] == ["amina", "bo", "root"]
    sellers = await admin.get("/identity/members", sells=True)
    assert [m["shop"] for m in sellers.json()["items"]] == ["amina's shop"]
    assert (await api.of("buyer", "bo").get("/identity/members")).status_code == 403


async def test_a_member_is_of_a_tenant_that_exists(api):
    admin = api.of("admin", "root", "nowhere")
    refused = await admin.post("/identity/members", {"user": "bo", "role": "buyer"})
    assert (refused.status_code, refused.json()["code"]) == (404, "tenants.unknown_tenant")


async def test_an_unknown_member_cannot_sell(api):
    await api.market()
    refused = await api.of("admin", "root").post(
        "/identity/members/ghost/appoint-seller", {"shop": "Boo"}
    )
    assert (refused.status_code, refused.json()["code"]) == (404, "identity.unknown_member")


async def test_a_user_id_ends_where_its_line_does(api):
    await api.market()
    refused = await api.of("admin", "root").post(
        "/identity/members", {"user": "bo\n", "role": "buyer"}
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")


async def test_whoever_is_removed_is_refused_and_is_let_in_again_once_restored(api):
    await api.market("amina")
    admin, amina = api.of("admin", "root"), api.of("seller", "amina")
    assert (await amina.get("/catalog/products")).status_code == 200
    yourself = await admin.post("/identity/members/root/remove", {})
    assert (yourself.status_code, yourself.json()["code"]) == (422, "identity.yourself")

    gone = await admin.post("/identity/members/amina/remove", {"reason": "left"})
    after = gone.json()["position"]
    await becomes(amina, 401)
    refused = (await amina.post("/carts")).json()["code"]
    assert refused == "unauthenticated"
    listed = await admin.get("/identity/members", after=after)
    assert [m["id"] for m in listed.json()["items"]] == ["root"]
    listed = await admin.get("/identity/members", removed=True)
    assert [(m["id"], m["sells"]) for m in listed.json()["items"]] == [("amina", False)]
    (binned,) = (await admin.get("/bin", after=after)).json()["items"]
    told = binned["context"], binned["id"], binned["name"], binned["kept_until"]
    assert told == ("identity", "amina", "amina's shop", None)

    await admin.post("/identity/members/amina/restore")
    await becomes(amina, 200)


async def test_of_two_admins_who_remove_each_other_at_once_one_is_left(api):
    await api.market()
    root, ann = api.of("admin", "root"), api.of("admin", "ann")
    await root.post("/identity/members", {"user": "ann", "role": "admin"})
    answers = await asyncio.gather(
        root.post("/identity/members/ann/remove", {}),
        ann.post("/identity/members/root/remove", {}),
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 422])
    left = root if answers[0].status_code == 200 else ann
    after = next(a for a in answers if a.status_code == 200).json()["position"]
    listed = (await left.get("/identity/members", after=after)).json()["items"]
    assert len(listed) == 1


async def test_who_was_removed_removes_and_restores_nobody_while_their_token_is_still_taken(api):
    await api.market("amina")
    admin, identity = api.of("admin", "root"), api.souk.identity
    await admin.post("/identity/members", {"user": "ann", "role": "admin"})
    await admin.post("/identity/members/ann/remove", {})
    for change, user in [
        (identity.remove_member, "root"),
        (identity.restore_member, "ann"),
        (identity.restore_member, "amina"),
    ]:
        with pytest.raises(Rejected, match=r"^identity\.no_longer_member$"):
            await change(Call(api.tenant, "ann", uuid4(), uuid4()), user)


async def test_whoever_operates_souk_removes_and_restores_and_is_no_member(api):
    await api.market("amina")
    operator = api.of("admin", "operator")
    assert (await operator.post("/identity/members/root/remove", {})).status_code == 200
    assert (await operator.post("/identity/members/root/restore")).status_code == 200


async def becomes(client, status):
    """Within the second or so that a process may take to hear of it."""
    async with asyncio.timeout(PATIENCE):
        while (await client.get("/catalog/products")).status_code != status:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
