"""A reel's counters are the fold of what happened, in any batches."""

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.log.tail import house_codec
from domain import comments, likes
from domain.comments import AddComment, RemoveComment
from domain.engagement import ViewsCounted
from domain.kernel import Personal
from domain.likes import LikeReel, ReelLiked, ReelUnliked, ToggleLike, UnlikeReel, like_id
from domain.reels import Film, ReelHidden, ReelPublished, ReelRestored
from projections import engagement
from projections.engagement import REELS, Engagement
from tests.engagement.ground import counters_of
from tests.support.histories import history
from tests.support.rows import recorded, rows_equal_the_fold

TENANTS, VIEWERS = ("souk", "bazaar"), ("mia", "noa", "ravi")
ONE, TWO = (f"00000000-0000-4000-8000-00000000000{n}" for n in (1, 2))
FILM = Film("r1", "video.mp4", "poster.webp", 320, 240, 3.0, 1000)
PUBLISHED = ReelPublished("ada", "tea", "asset", FILM)


def like_commands(reel, viewer):
    commands = LikeReel(reel, viewer), UnlikeReel(), ToggleLike(reel, viewer)
    return st.lists(st.sampled_from(commands), max_size=6)


@st.composite
def histories(draw):
    """Reels, each with what its viewers did, in one or two tenants. Some are never published."""
    found = []
    for tenant in TENANTS[: draw(st.integers(1, 2))]:
        for reel in (ONE, TWO)[: draw(st.integers(1, 2))]:
            steps = [PUBLISHED, ReelHidden("", False), ReelRestored(False)]
            found.append((f"{tenant}/reels/{reel}", steps[: draw(st.integers(0, 3))]))
            found += draw(engaged(tenant, reel))
    return [pair for pair in found if pair[1]]


@st.composite
def engaged(draw, tenant, reel):
    found = []
    for viewer in VIEWERS:
        moves = history(likes, draw(like_commands(reel, viewer)))
        found.append((f"{tenant}/likes/{like_id(reel, viewer)}", moves))
    for number in range(draw(st.integers(0, 3))):
        said = [AddComment(reel, "mia", Personal("mia", "How nice"))]
        said += [RemoveComment("author")] * draw(st.integers(0, 2))
        found.append((f"{tenant}/comments/{reel}-{number}", history(comments, said)))
    views = draw(st.lists(st.integers(1, 10**9).map(ViewsCounted), max_size=3))
    return [*found, (f"{tenant}/engagement/{reel}", views)]


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, engagement, histories())


def rows(*events):
    """The documents after these (stream, event) pairs, by id."""
    codec, found = house_codec(), {}
    for each in [row.decoded(codec) for row in recorded(events)]:
        for id in REELS.on.get(type(each.event), lambda _: ())(each):
            found[id] = REELS.evolve(found.get(id), each, id)
    return {id: document for id, document in found.items() if document is not None}


@settings(max_examples=100)
@given(st.data())
def test_the_counters_are_who_likes_it_what_stands_under_it_and_how_often_it_was_watched(data):
    published = [(f"souk/reels/{reel}", PUBLISHED) for reel in (ONE, TWO)]
    happened = [pair for reel in (ONE, TWO) for pair in data.draw(engaged("souk", reel))]
    events = [*published, *((stream, e) for stream, past in happened for e in past)]
    codec = house_codec()
    expected = counters_of(row.decoded(codec) for row in recorded(events))
    assert rows(*events) == {id: Engagement(id, "ada", **of) for id, of in expected.items()}


def test_a_reel_that_was_never_shown_has_no_counters():
    assert rows((f"souk/engagement/{ONE}", ViewsCounted(1))) == {}


def test_a_reel_that_was_hidden_and_is_back_keeps_its_counters():
    reel, like = f"souk/reels/{ONE}", f"souk/likes/{like_id(ONE, 'mia')}"
    happened = [(reel, PUBLISHED), (like, ReelLiked(ONE, "mia")), (reel, ReelHidden("", True))]
    assert rows(*happened)[ONE] == Engagement(ONE, "ada", likes=1)
    assert rows(*happened, (reel, ReelRestored(True)))[ONE] == Engagement(ONE, "ada", likes=1)


def test_whoever_likes_it_and_takes_that_back_leaves_no_trace():
    like = f"souk/likes/{like_id(ONE, 'mia')}"
    there_and_back = [ReelLiked(ONE, "mia"), ReelUnliked(ONE, "mia")] * 3
    happened = [(f"souk/reels/{ONE}", PUBLISHED), *((like, event) for event in there_and_back)]
    assert rows(*happened)[ONE] == Engagement(ONE, "ada")


def test_watchers_are_told_of_one_reel_or_of_all_of_a_seller():
    assert REELS.topic(ONE, Engagement(ONE, "ada")) == f"engagement.{ONE}.ada"
