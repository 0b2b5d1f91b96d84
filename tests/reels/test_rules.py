"""The rules of a reel, and what no history may break."""

import itertools

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import reels
from domain.kernel import but, fold
from domain.money import Money
from domain.reels import (
    LONGEST_CAPTION,
    LONGEST_REASON,
    CaptionChanged,
    ChangeCaption,
    DraftReel,
    Film,
    HideReel,
    MediaSet,
    PublishReel,
    ReelDrafted,
    ReelHidden,
    ReelPublished,
    ReelRestored,
    RestoreReel,
    SetMedia,
)
from tests.support.deciders import given
from tests.support.histories import history, stored

film = Film("r1", "video.mp4", "poster.webp", 720, 1280, 9.5, 4000)
about = ("amina", "rug", "Rug", "textiles", Money(1000, "DZD"))
draft = DraftReel(*about, "Made by hand")
drafted = ReelDrafted(*about, "Made by hand")
published = ReelPublished("amina", "rug", "film", film)
there = drafted, MediaSet("film"), published
by_seller, by_staff = ReelHidden("", False), ReelHidden("a fake", True)


def test_a_reel_is_drafted_once_with_the_product_as_it_is():
    given(reels).when(draft).then(drafted)
    given(reels, drafted).when(draft).rejected("reels.reel_exists")


def test_there_is_nothing_to_do_with_a_reel_that_is_not_there():
    for command in (
        ChangeCaption("x"),
        SetMedia("film"),
        PublishReel(film),
        HideReel(),
        RestoreReel(True),
    ):
        given(reels).when(command).rejected("reels.unknown_reel")


def test_a_caption_is_changed_at_any_time_and_the_same_again_is_no_news():
    for past in ((drafted,), there, (*there, by_seller), (*there, by_staff)):
        given(reels, *past).when(ChangeCaption("Soft")).then(CaptionChanged("Soft"))
        given(reels, *past).when(ChangeCaption("Made by hand")).then()
        given(reels, *past).when(ChangeCaption("")).then(CaptionChanged(""))


def test_a_caption_has_a_length():
    longest, longer = "x" * LONGEST_CAPTION, "x" * (LONGEST_CAPTION + 1)
    given(reels, drafted).when(ChangeCaption(longest)).then(CaptionChanged(longest))
    given(reels, drafted).when(ChangeCaption(longer)).rejected("reels.caption_too_long")
    given(reels).when(but(draft, caption=longer)).rejected("reels.caption_too_long")


def test_a_video_is_exchanged_until_it_was_seen():
    given(reels, drafted).when(SetMedia("film")).then(MediaSet("film"))
    given(reels, drafted, MediaSet("film")).when(SetMedia("film")).then()
    given(reels, drafted, MediaSet("film")).when(SetMedia("other")).then(MediaSet("other"))
    for past in (there, (*there, by_seller)):
        given(reels, *past).when(SetMedia("other")).rejected("reels.published")


def test_a_reel_is_published_once_with_the_video_it_shows():
    given(reels, drafted, MediaSet("film")).when(PublishReel(film)).then(published)
    given(reels, *there).when(PublishReel(film)).then()
    given(reels, drafted).when(PublishReel(film)).rejected("reels.media_missing")


def test_what_was_hidden_is_restored_and_not_published_again():
    given(reels, *there, by_seller).when(PublishReel(film)).rejected("reels.hidden")
    given(reels, *there, by_seller).when(RestoreReel()).then(ReelRestored(False))
    given(reels, *there).when(RestoreReel()).then()


def test_a_draft_that_is_hidden_comes_back_as_a_draft():
    given(reels, drafted).when(HideReel()).then(by_seller)
    given(reels, drafted, by_seller).when(RestoreReel()).then(ReelRestored(False))
    given(reels, drafted).when(RestoreReel(True)).then()
    given(reels, drafted, by_seller).when(PublishReel(film)).rejected("reels.hidden")
    assert fold(reels, [drafted, by_seller, ReelRestored(False)]).status == "draft"


def test_a_reel_is_hidden_once_for_a_short_reason():
    longest, longer = "x" * LONGEST_REASON, "x" * (LONGEST_REASON + 1)
    given(reels, *there).when(HideReel(longest)).then(ReelHidden(longest, False))
    given(reels, *there).when(HideReel(longer)).rejected("reels.reason_too_long")
    given(reels, *there, by_seller).when(HideReel("again")).then()


def test_what_staff_hides_only_staff_restores():
    given(reels, *there, by_staff).when(RestoreReel()).rejected("reels.hidden_by_staff")
    given(reels, *there, by_staff).when(RestoreReel(True)).then(ReelRestored(True))


def test_staff_takes_over_what_its_seller_has_hidden_and_never_the_other_way():
    given(reels, *there, by_seller).when(HideReel("a fake", True)).then(by_staff)
    given(reels, *there, by_staff).when(HideReel()).then()
    given(reels, *there, by_staff).when(HideReel("again", True)).then()


def test_what_staff_restored_is_its_sellers_again():
    past = *there, by_staff, ReelRestored(True), by_seller
    given(reels, *past).when(RestoreReel()).then(ReelRestored(False))


captions = st.sampled_from(["", "Soft", "x" * LONGEST_CAPTION, "x" * (LONGEST_CAPTION + 1)])
reasons = st.sampled_from(["", "a fake", "x" * (LONGEST_REASON + 1)])
hidings = st.builds(HideReel, reasons, st.booleans())
restorings = st.builds(RestoreReel, st.booleans())
media = st.builds(SetMedia, st.sampled_from(["film", "other"]))
command = (
    st.just(draft)
    | st.builds(ChangeCaption, captions)
    | media
    | st.just(PublishReel(film))
    | hidings
    | restorings
)
commands = st.lists(command, max_size=14)
usual = [draft, SetMedia("film"), PublishReel(film)]
SEEN = {ReelDrafted: "draft", ReelPublished: "published", ReelHidden: "hidden"}


@for_all(st.integers(0, 3), commands)
def test_any_history_can_be_stored_and_shows_one_video_for_ever(begun, commands):
    past = history(reels, [*usual[:begun], *commands])
    reel = fold(reels, past)
    kinds = [type(event) for event in past]

    assert stored(reels, past) == past
    assert kinds.count(ReelDrafted) == kinds[:1].count(ReelDrafted) == (1 if past else 0)
    assert kinds.count(ReelPublished) <= 1
    assert len(reel.caption) <= LONGEST_CAPTION
    assert reel.status == "hidden" or not reel.by_staff
    first = kinds.index(ReelPublished) if ReelPublished in kinds else len(kinds)
    assert MediaSet not in kinds[first:]
    sets = [event.media for event in past if isinstance(event, MediaSet)]
    assert [event.media for event in past[first : first + 1]] in ([], sets[-1:])
    assert all(one != other for one, other in itertools.pairwise(sets))
    back = "published" if ReelPublished in kinds else "draft"  # nothing hidden is published
    steps = [(SEEN | {ReelRestored: back}).get(kind) for kind in kinds]
    assert reel.status == ["", *filter(None, steps)][-1]


@for_all(commands)
def test_in_any_history_only_staff_ends_what_staff_began(commands):
    held = False  # by staff
    for event in history(reels, [*usual, *commands]):
        match event:
            case ReelHidden(by_staff=by_staff):
                assert by_staff or not held
                held = by_staff
            case ReelRestored(by_staff=by_staff):
                assert by_staff or not held
                held = False


by_its_seller = st.lists(
    st.builds(ChangeCaption, captions)
    | media
    | st.just(draft)
    | st.just(PublishReel(film))
    | st.builds(HideReel, reasons, st.just(False))
    | st.just(RestoreReel(False)),
    max_size=14,
)


@for_all(commands, by_its_seller)
def test_whatever_its_seller_does_what_staff_hid_stays_hidden(before, after):
    past = history(reels, [*usual, *before, HideReel("", True), *after])
    reel = fold(reels, past)
    assert (reel.status, reel.by_staff) == ("hidden", True)


@for_all(commands, command)
def test_a_command_twice_is_no_news_the_second_time(commands, command):
    past = history(reels, [*usual, *commands, command])
    again = history(reels, [command], past)
    assert again == past
