"""Media over HTTP, from an upload to its renditions, by role."""

import asyncio
import hashlib
from contextlib import asynccontextmanager
from io import BytesIO

import av
import httpx
import psycopg

from domain.media import Rendered, Stored, UploadRequested
from tests.media.house import House
from tests.policies.market import call, until
from tests.support.http import running_api
from tests.support.patience import PATIENCE
from tests.support.pictures import decoded, film, picture
from tests.support.s3 import send

JPEG = picture(1600, 1000)
DOT = {"data": "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEAAAAALAAAAAABAAEAAAIA"}


async def test_a_picture_goes_straight_to_the_bucket_and_comes_back_in_all_sizes(working):
    id = await working.upload(JPEG, size=len(JPEG), sha256=hashlib.sha256(JPEG).hexdigest())
    asset = await working.settled(id)

    assert (asset["status"], asset["format"], asset["rejected"]) == ("rendered", "jpeg", None)
    assert (asset["width"], asset["height"], asset["size"]) == (1600, 1000, len(JPEG))
    assert {r["name"] for r in asset["renditions"]} >= {"150", "300", "600", "1200"}
    links = (await working.amina.get(f"/media/{id}/links")).json()
    found = {(link["name"], link["format"]): link["url"] for link in links["renditions"]}
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        for made in asset["renditions"]:
            data = (await client.get(found[made["name"], made["format"]])).content
            image = decoded(data)
            assert (image.width, image.height) == (made["width"], made["height"])
            assert hashlib.sha256(data).hexdigest() == made["sha256"]
        source = await client.get(links["source"])
    assert source.content == JPEG
    assert source.headers["content-disposition"] == "attachment"


async def test_the_forms_conditions_hold_at_the_bucket(house):
    announced = await house.request(size=len(JPEG) - 1)
    assert announced["largest"] == len(JPEG) - 1
    assert (await send(announced, JPEG)).status_code == 400
    form = await house.request()
    assert form["largest"] == 5_000_000
    assert (await send(form, b"")).status_code == 400
    assert (await send(form, b"x" * 5_000_001)).status_code == 400
    elsewhere = await send(form, JPEG, key=f"{house.tenant}/uploads/other")
    assert elsewhere.status_code == 403
    unsigned = {"fields": {"key": form["fields"]["key"]}, "url": form["url"]}
    assert (await send(unsigned, JPEG)).status_code in (400, 401, 403)
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        asked = {"origin": "https://shop.example", "access-control-request-method": "POST"}
        allowed = await client.options(form["url"], headers=asked)
        assert allowed.headers["access-control-allow-origin"] in ("*", "https://shop.example")


async def test_a_small_image_may_come_within_json(working):
    made = await working.inline(picture(40, 30, suffix=".png"))
    assert made.status_code == 201
    asset = await working.settled(made.json()["id"])
    assert (asset["rejected"], asset["format"], asset["width"]) == (None, "png", 40)


async def test_a_film_comes_back_with_a_poster_and_plays(working):
    id = await working.upload(film(), kind="video")
    asset = await working.settled(id)
    assert (asset["status"], asset["format"], asset["rejected"]) == ("rendered", "mp4", None)
    assert (asset["width"], asset["height"]) == (128, 96)
    assert 0.9 <= asset["duration"] <= 1.1
    assert "poster" in {r["name"] for r in asset["renditions"]}
    links = (await working.amina.get(f"/media/{id}/links")).json()["renditions"]
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        for link in links:
            data = (await client.get(link["url"])).content
            if link["format"] != "mp4":
                assert decoded(data).width == 128
            else:
                with av.open(BytesIO(data)) as played:
                    assert sum(1 for _ in played.decode(video=0)) == 25
    refused = await working.amina.post(f"/media/{id}/crop", {"crop": None})
    assert refused.json()["code"] == "media.not_cropped"


async def test_what_is_no_data_url_is_refused(house):
    for data in ("data:image/png,abc", "abc", "data:image/png;base64,a!", "data:;base64,=="):
        refused = await house.amina.post("/media/inline", {"data": data})
        assert (refused.status_code, refused.json()["code"]) == (422, "media.data_url_malformed")
    empty = await house.inline(b"")
    assert empty.json()["code"] == "media.empty"


async def test_a_data_url_may_be_written_in_capitals(house):
    _, _, text = DOT["data"].partition(",")
    for front in ("DATA:image/gif;base64", "data:image/gif;BASE64", "Data:IMAGE/GIF;Base64"):
        made = await house.amina.post("/media/inline", {"data": f"{front},{text}"})
        assert made.status_code == 201, front


async def test_a_retry_is_the_same_upload_and_leaves_nothing_behind(house):
    first = await house.amina.post("/media/inline", DOT, key="k")
    again = await house.amina.post("/media/inline", DOT, key="k")
    assert again.content == first.content
    assert await house.objects() == {f"{house.tenant}/uploads/{first.json()['id']}"}
    one = await house.amina.post("/media", {"kind": "image"}, key="k")
    other = await house.amina.post("/media", {"kind": "image"}, key="k")
    assert one.json()["id"] == other.json()["id"]


@asynccontextmanager
async def hasty(stack, house):
    """Another process of the same Souk, which soon takes the log for gone."""
    known = house.souk.settings
    same = {"s3_url": known.s3_url, "secret": known.secret, "master_key": known.master_key}
    less = same | {"projecting": False, "patience": 2.0}
    async with running_api(stack, known.postgres_url, **less) as api:
        yield House(api, house.tenant)


async def test_what_became_of_no_upload_leaves_no_bytes_that_none_will_remove(
    stack, house, monkeypatch
):
    """The log goes away right after the bytes were sent; the client comes back with its key."""
    locked = psycopg.connect(house.souk.settings.postgres_url)
    async with hasty(stack, house) as other:
        put, away = other.souk.objects.put, asyncio.Event()

        async def sent_and_then_away(*what):
            await put(*what)
            locked.execute("SELECT FROM log.head FOR UPDATE")
            away.set()

        async def cut_off():
            """Not only too hasty to come so far."""
            answer = await other.amina.post("/media/inline", DOT, key="k")
            assert answer.status_code == 503
            return away.is_set()

        monkeypatch.setattr(other.souk.objects, "put", sent_and_then_away)
        await until(cut_off)
        locked.close()
    made = await house.amina.post("/media/inline", DOT, key="k")
    assert made.status_code == 201
    assert await house.objects() == {f"{house.tenant}/uploads/{made.json()['id']}"}


async def test_the_same_picture_sent_twice_at_once_is_one_upload(working):
    sending = (working.amina.post("/media/inline", DOT, key="k") for _ in range(5))
    made = await asyncio.gather(*sending)
    (id,) = {answer.json()["id"] for answer in made}
    await working.settled(id)
    assert not [key for key in await working.objects() if "/uploads/" in key]


async def test_bytes_that_come_when_they_were_looked_at_already_go_too(working, monkeypatch):
    """The client has sent it again meanwhile, and a worker was quick."""
    put = working.souk.objects.put

    async def late(*what):
        monkeypatch.undo()
        again = await working.amina.post("/media/inline", DOT, key="k")
        await working.settled(again.json()["id"])
        await put(*what)

    monkeypatch.setattr(working.souk.objects, "put", late)
    made = await working.amina.post("/media/inline", DOT, key="k")
    assert made.status_code == 201
    assert not [key for key in await working.objects() if "/uploads/" in key]


async def test_bytes_of_what_is_purged_before_they_come_go_at_once(house, monkeypatch):
    put, media = house.souk.objects.put, house.souk.media

    async def late(place, *what):
        await media.purge(call(tenant=house.tenant), place.rpartition("/")[2], 1)
        await put(place, *what)

    monkeypatch.setattr(house.souk.objects, "put", late)
    refused = await house.amina.post("/media/inline", DOT)
    assert (refused.status_code, refused.json()["code"]) == (422, "media.purged")
    assert await house.objects() == set()


async def test_what_was_not_sent_is_not_confirmed(house):
    form = await house.request()
    refused = await house.amina.post(f"/media/{form['id']}/confirm")
    assert (refused.status_code, refused.json()["code"]) == (422, "media.not_uploaded")


async def test_what_is_no_picture_is_rejected_with_a_reason(working):
    for content in (b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", JPEG[:5000]):
        asset = await working.settled(await working.upload(content))
        assert asset["status"] == "rejected"
        assert asset["rejected"]["code"].startswith("media.")
        assert asset["rejected"]["detail"]
    assert await working.objects() == set()


async def test_other_bytes_than_announced_are_rejected(working):
    announced = hashlib.sha256(JPEG).hexdigest()
    for other in (picture(40, 30), JPEG[:5000]):
        asset = await working.settled(await working.upload(other, sha256=announced))
        assert (asset["status"], asset["rejected"]["code"]) == ("rejected", "media.checksum_wrong")
    assert await working.objects() == set()


async def test_an_upload_is_its_owners_and_staffs_only(house):
    form = await house.request()
    path = f"/media/{form['id']}"
    after = form["position"]
    assert (await house.amina.get(path, after=after)).status_code == 200
    for stranger in (house.basma, house.of("buyer", "karim")):
        assert (await stranger.get(path)).status_code in (403, 404)
        refused = await stranger.post(f"{path}/confirm")
        assert refused.status_code in (403, 404)
    assert (await house.of("auditor", "olga").get(path)).status_code == 200
    assert (await house.of("auditor", "olga").post(f"{path}/confirm")).status_code == 403
    assert (await house.of("buyer", "karim").post("/media", {"kind": "image"})).status_code == 403
    assert (await house.api.of("admin", "root", "other").get(path)).status_code == 404
    listed = (await house.basma.get("/media")).json()["items"]
    assert listed == []


async def test_what_a_product_shows_is_for_everyone_and_for_ever(working):
    product = await working.api.product("amina", "tea", tenant=working.tenant)
    id = await working.upload(JPEG)
    asset = await working.settled(id)
    made = next(r for r in asset["renditions"] if (r["name"], r["format"]) == ("300", "webp"))
    assert (await working.api.http.get(made["url"])).status_code == 404

    shown = await working.amina.post(f"/media/{id}/attach", {"product": product})
    assert shown.status_code == 200, shown.text
    assert (await working.now(f"/media/{id}", shown)).json()["published"] is True
    answer = await working.api.http.get(made["url"])
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == made["sha256"]
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    unless = {"if-none-match": answer.headers["etag"]}
    weak, any_ = {"if-none-match": f'"x", W/{answer.headers["etag"]}'}, {"if-none-match": "*"}
    for asked in (unless, weak, any_):
        assert (await working.api.http.get(made["url"], headers=asked)).status_code == 304
    head = await working.api.http.head(made["url"])
    assert (head.status_code, head.content) == (200, b"")
    same = "etag", "content-length", "content-type", "cache-control"
    assert [head.headers[name] for name in same] == [answer.headers[name] for name in same]
    whole, size = answer.content, len(answer.content)
    for wanted, first, last in (
        ("bytes=2-9", 2, 9),
        ("bytes=2-", 2, size - 1),
        ("bytes=-5", size - 5, size - 1),
        (f"bytes=-{size + 1}", 0, size - 1),
    ):
        asked = {"range": wanted, "if-range": answer.headers["etag"]}
        part = await working.api.http.get(made["url"], headers=asked)
        assert (part.status_code, part.content) == (206, whole[first : last + 1]), wanted
        assert part.headers["content-range"] == f"bytes {first}-{last}/{size}"
    for wanted in (
        "bytes=-",
        "bytes=9-2",
        f"bytes={size + 1}-{size}",
        "bytes=1-2,4-5",
        "lines=1-2",
    ):
        part = await working.api.http.get(made["url"], headers={"range": wanted})
        assert (part.status_code, part.content) == (200, whole), wanted
    for wanted in (f"bytes={size}-", f"bytes={'9' * 50}-", f"bytes={size}-{size + 9}", "bytes=-0"):
        part = await working.api.http.get(made["url"], headers={"range": wanted})
        assert (part.status_code, part.json()["code"]) == (416, "range_not_satisfiable"), wanted
        assert part.headers["content-range"] == f"bytes */{size}"
    for wanted in ("bytes=2-9", f"bytes={size}-"):
        older = {"range": wanted, "if-range": '"another"'}
        assert (await working.api.http.get(made["url"], headers=older)).status_code == 200

    gone = await working.amina.post(f"/media/{id}/release", {"product": product})
    await working.now(f"/media/{id}", gone)
    assert (await working.api.http.get(made["url"])).status_code == 404


async def test_files_of_a_retired_product_are_nobodys_until_it_is_back(working):
    rug, tea = [
        await working.api.product("amina", slug, tenant=working.tenant) for slug in ("rug", "tea")
    ]
    asset = await working.settled(await working.upload(JPEG))
    path, url = f"/media/{asset['id']}", asset["renditions"][0]["url"]

    async def after(done):
        assert done.status_code == 200, done.text
        seen = (await working.now(path, done)).json()
        answer = await working.api.http.get(url)
        return answer.status_code, seen["published"], seen["off_sale"]

    def sale(product, word):
        return working.amina.post(f"/catalog/products/{product}/{word}")

    shown = await working.amina.post(f"{path}/attach", {"product": rug})
    assert await after(shown) == (200, True, [])
    assert await after(await sale(rug, "retire")) == (404, False, [f"catalog/{rug}"])
    assert await after(await sale(rug, "restore")) == (200, True, [])
    await working.amina.post(f"{path}/attach", {"product": tea})
    assert await after(await sale(rug, "retire")) == (200, True, [f"catalog/{rug}"])
    assert await after(await sale(tea, "retire")) == (
        404,
        False,
        [f"catalog/{p}" for p in (rug, tea)],
    )


async def test_another_sellers_product_shows_nothing_of_ones_own(working):
    product = await working.api.product("basma", "cup", tenant=working.tenant)
    asset = await working.settled(await working.upload(JPEG))
    path = f"/media/{asset['id']}/attach"
    refused = await working.amina.post(path, {"product": product})
    assert (refused.status_code, refused.json()["code"]) == (403, "catalog.not_yours")
    unknown = await working.amina.post(path, {"product": asset["id"]})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "catalog.unknown_product")


async def test_addresses_that_name_no_file_are_404(house):
    for rest in ("r1/..", "r1/300.html", "x/300.webp", "r1/%2e%2e", "r1-1/300.webp"):
        path = f"/media/public/{house.tenant}/018f2f0e-6f3c-7c1e-9a51-0e7a4b6f1a2d/{rest}"
        assert (await house.api.http.get(f"/api/v1{path}")).status_code == 404


async def test_a_crop_is_rendered_anew_under_new_names(working):
    id = await working.upload(JPEG)
    before = await working.settled(id)
    outside = {"crop": {"left": 1500, "top": 0, "width": 200, "height": 10}}
    refused = await working.amina.post(f"/media/{id}/crop", outside)
    assert refused.json()["code"] == "media.crop_outside"

    crop = {"left": 100, "top": 50, "width": 400, "height": 200}
    cropped = await working.amina.post(f"/media/{id}/crop", {"crop": crop})
    await working.now(f"/media/{id}", cropped)
    after = await working.settled(id)
    assert after["crop"] == after["rendered_crop"] == crop
    assert {r["url"] for r in after["renditions"]}.isdisjoint(
        r["url"] for r in before["renditions"]
    )
    wide = next(r for r in after["renditions"] if (r["name"], r["format"]) == ("300", "webp"))
    assert wide["width"] == 2 * wide["height"]
    assert len(await working.happened(Rendered)) == 2


async def test_every_step_follows_from_the_one_before(working):
    id = await working.upload(JPEG)
    await working.settled(id)
    steps = await working.happened(UploadRequested, Stored, Rendered)
    assert [type(r.event) for r in steps] == [UploadRequested, Stored, Rendered]
    assert steps[2].causation == steps[1].event_id
    assert steps[2].correlation == steps[1].correlation
    assert steps[2].actor == "worker:media"


async def test_without_a_bucket_only_uploads_fail_and_clearly(api):
    await api.market("amina")
    refused = await api.of("seller", "amina").post("/media", {"kind": "image"})
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert (await api.of("seller", "amina").get("/media")).status_code == 200
