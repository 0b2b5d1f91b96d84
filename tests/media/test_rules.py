"""The rules of an upload, and what no history may break."""

import itertools

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import media
from domain.kernel import fold
from domain.media import (
    Attach,
    Attached,
    Confirm,
    Crop,
    CropSet,
    Purge,
    Purged,
    Reject,
    Rejected,
    Release,
    Released,
    Render,
    Rendered,
    Rendition,
    RequestUpload,
    SetCrop,
    Stored,
    UploadRequested,
    Withheld,
    Withhold,
)
from tests.support.deciders import given
from tests.support.histories import history, stored

A, B = "a" * 64, "b" * 64
small = Rendition("150", "webp", 150, 150, 900, B)


def render(crop=None, sha256=A):
    return Render(sha256, "jpeg", 900, 600, 4000, None, crop, (small,))


def rendered(crop=None):
    return Rendered(A, "jpeg", 900, 600, 4000, None, crop, (small,))


requested = UploadRequested("amina", "image", 5000, None)
there = requested, Stored(4000)
done = *there, rendered()
square = Crop(0, 0, 300, 300)


def test_an_upload_is_asked_for_once():
    new = RequestUpload("amina", "image", 5000)
    given(media).when(new).then(requested)
    given(media, requested).when(new).rejected("media.asset_exists")


def test_only_images_and_videos_are_taken_and_a_checksum_is_one():
    given(media).when(RequestUpload("amina", "song", 1)).rejected("media.kind_unknown")
    odd = RequestUpload("amina", "image", 1, "A" * 64)
    given(media).when(odd).rejected("media.checksum_malformed")


def test_what_is_confirmed_is_stored_once():
    given(media, requested).when(Confirm(4000)).then(Stored(4000))
    given(media, *there).when(Confirm(4000)).then()
    given(media, *done).when(Confirm(4000)).then()
    given(media).when(Confirm(1)).rejected("media.unknown_asset")


def test_what_is_larger_than_agreed_is_rejected_with_the_reason():
    too_large = Rejected("media.too_large", "at most 5,000 bytes")
    given(media, requested).when(Confirm(5001)).then(Stored(5001), too_large)


def test_of_two_workers_the_second_has_no_news():
    given(media, *there).when(render()).then(rendered())
    given(media, *done).when(render()).then()
    given(media, *done).when(Reject("media.truncated")).then()


def test_what_was_not_confirmed_is_not_rendered():
    given(media, requested).when(render()).then()


def test_a_crop_lies_within_the_picture_and_is_rendered_anew_once():
    given(media, *done).when(SetCrop(square)).then(CropSet(square))
    given(media, *done).when(SetCrop(Crop(800, 0, 101, 10))).rejected("media.crop_outside")
    given(media, *done).when(SetCrop(Crop(-1, 0, 10, 10))).rejected("media.crop_outside")
    given(media, *there).when(SetCrop(square)).rejected("media.not_rendered")
    cropped = *done, CropSet(square)
    given(media, *cropped).when(render()).then()  # a worker that knew of none
    given(media, *cropped).when(render(square)).then(rendered(square))
    given(media, *cropped, rendered(square)).when(SetCrop(square)).then()


def test_a_crop_that_comes_to_nothing_leaves_what_was_rendered():
    past = *done, CropSet(square), Rejected("media.truncated", "")
    state = fold(media, past)
    assert (state.status, state.crop, state.waits) == ("rendered", None, False)


def test_films_are_not_cropped():
    film = UploadRequested("amina", "video", 5000, None), Stored(1), rendered()
    given(media, *film).when(SetCrop(square)).rejected("media.not_cropped")


def test_what_is_shown_is_not_purged_and_what_is_released_may_be():
    shown = *done, Attached("catalog/tea")
    given(media, *done).when(Attach("catalog/tea")).then(Attached("catalog/tea"))
    given(media, *shown).when(Attach("catalog/tea")).then()
    given(media, *there).when(Attach("catalog/tea")).rejected("media.not_rendered")
    given(media, *done).when(Attach("tea")).rejected("media.place_malformed")
    given(media, *shown).when(Purge()).rejected("media.attached")
    given(media, *shown).when(Release("catalog/tea")).then(Released("catalog/tea"))
    given(media, *shown, Released("catalog/tea")).when(Purge()).then(Purged(A))
    given(media, *done, Purged(A)).when(Purge()).then()


def test_what_may_be_shown_again_is_not_public_but_kept():
    shown, withheld = (
        (*done, Attached("reels/a")),
        (*done, Attached("reels/a"), Withheld("reels/a")),
    )
    given(media, *shown).when(Withhold("reels/a")).then(Withheld("reels/a"))
    given(media, *shown).when(Withhold("reels/b")).then()
    given(media, *withheld).when(Withhold("reels/a")).then()
    given(media, *withheld).when(Purge()).rejected("media.withheld")
    given(media, *withheld).when(Attach("reels/a")).then(Attached("reels/a"))
    given(media, *withheld, Attached("reels/a")).when(Purge()).rejected("media.attached")
    given(media, *withheld).when(Release("reels/a")).then(Released("reels/a"))
    given(media, *withheld, Released("reels/a")).when(Purge()).then(Purged(A))
    assert fold(media, withheld).attached == ()


def test_what_shows_it_is_bounded():
    shown = [Attached(f"catalog/{n}") for n in range(media.MOST_PLACES)]
    given(media, *done, *shown).when(Attach("reels/a")).rejected("media.attached_too_often")
    full = *done, *shown[1:], Attached("reels/a"), Withheld("reels/a")
    given(media, *full).when(Attach("reels/b")).rejected("media.attached_too_often")
    given(media, *full).when(Attach("reels/a")).then(Attached("reels/a"))


crops = st.none() | st.builds(Crop, *[st.integers(-1, 700)] * 4)
places = st.sampled_from(["catalog/a", "reels/b", "x"])
commands = st.lists(
    st.builds(
        RequestUpload,
        st.just("amina"),
        st.sampled_from(["image", "video"]),
        st.integers(0, 9),
        st.none() | st.just(A),
    )
    | st.builds(Confirm, st.integers(1, 12))
    | st.builds(render, crops)
    | st.builds(Reject, st.just("media.truncated"))
    | st.builds(SetCrop, crops)
    | st.builds(Attach, places)
    | st.builds(Withhold, places)
    | st.builds(Release, places)
    | st.builds(Purge),
    max_size=14,
)
usual = [RequestUpload("amina", "image", 9), Confirm(8), render()]


@for_all(st.booleans(), commands)
def test_any_history_can_be_stored_and_shows_only_what_is_rendered(begun, commands):
    past = history(media, [*(usual if begun else []), *commands])
    asset = fold(media, past)

    assert stored(media, past) == past
    assert [type(e) for e in past].count(UploadRequested) == (1 if past else 0)
    assert [type(e) for e in past].count(Purged) <= 1
    assert not asset.attached or asset.rendered
    assert len(set(asset.attached)) == len(asset.attached)
    assert not (asset.waits and asset.status in ("requested", "rejected", "purged"))
    renderings = [e.crop for e in past if isinstance(e, Rendered)]
    assert all(one != other for one, other in itertools.pairwise(renderings))


@for_all(commands, st.sampled_from([render(), SetCrop(square), Attach("catalog/a"), Purge()]))
def test_a_command_twice_is_no_news_the_second_time(commands, command):
    past = history(media, [*usual, *commands, command])
    again = history(media, [command], past)
    assert again == past
