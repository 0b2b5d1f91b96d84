"""Which files a log names, and which it still named at some moment since a backup."""

from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from adapters.backup.named import files_of
from domain.kernel import Recorded
from domain.media import Purged, Rejected, Rendered, Rendition, Stored, UploadRequested

SHA, OTHER = "a" * 64, "b" * 64
REQUESTED = UploadRequested("amina", "image", 5_000_000, None)
STORED, REJECTED, PURGED = Stored(700), Rejected("media.broken", ""), Purged(SHA)
RENDERED = Rendered(
    SHA, "png", 90, 60, 700, None, None, (Rendition("300", "webp", 90, 60, 50, OTHER),)
)
UPLOAD, SOURCE = "bazaar/uploads/x", f"bazaar/{SHA}/source"
RENDITION = f"bazaar/{SHA}/r1/300.webp"


def past(*events):
    now = datetime.now(UTC)
    return [
        Recorded(
            "bazaar", "bazaar/media/x", at, at, event.__struct_config__.tag, uuid4(), now, now,
            "amina", uuid4(), None, uuid4(), event,
        )
        for at, event in zip(count(1), events)
    ]  # fmt: skip


def named(*events, since=2**62):
    return [each.key for each in files_of(past(*events), since)]


def test_an_upload_is_named_until_it_is_known_what_it_is():
    assert named(REQUESTED) == [UPLOAD]
    assert named(REQUESTED, STORED) == [UPLOAD]
    assert named(REQUESTED, STORED, RENDERED) == [SOURCE, RENDITION]
    assert named(REQUESTED, STORED, REJECTED) == []


def test_only_what_was_not_confirmed_may_be_absent():
    assert [each.awaited for each in files_of(past(REQUESTED))] == [True]
    assert [each.awaited for each in files_of(past(REQUESTED, STORED))] == [False]


def test_the_log_says_which_bytes_they_are():
    source, made = files_of(past(REQUESTED, STORED, RENDERED))
    assert [(source.sha256, source.size), (made.sha256, made.size)] == [(SHA, 700), (OTHER, 50)]


def test_what_is_purged_is_not_named_but_a_backup_from_before_still_wants_it():
    whole = REQUESTED, STORED, RENDERED, PURGED
    assert named(*whole) == []
    assert named(*whole, since=3) == [SOURCE, RENDITION]
    assert named(*whole, since=4) == []


@given(
    st.lists(st.sampled_from([REQUESTED, STORED, REJECTED, RENDERED, PURGED]), max_size=8),
    st.integers(0, 8),
)
def test_whatever_any_moment_since_a_backup_names_is_kept(events, since):
    kept = {*named(*events, since=since)}
    for moment in range(since, len(events) + 1):
        assert {*named(*events[:moment])} <= kept
