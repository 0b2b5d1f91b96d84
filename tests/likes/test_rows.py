"""Rows of likes are the fold of their events: there as long as the reel is liked."""

from hypothesis import strategies as st

from domain import likes as rules
from domain.likes import LikeReel, ToggleLike, UnlikeReel
from projections import likes
from tests.support.histories import history
from tests.support.rows import rows_equal_the_fold


def by(viewer, reel, steps):
    words = {"like": LikeReel(reel, viewer), "unlike": UnlikeReel()}
    return history(rules, [words.get(step, ToggleLike(reel, viewer)) for step in steps])


steps = st.lists(st.sampled_from(["like", "unlike", "toggle"]), max_size=6)
made = st.tuples(
    st.builds("{}/likes/{}".format, st.sampled_from("AB"), st.sampled_from("1234")),
    st.builds(by, st.sampled_from(["karim", "nora"]), st.sampled_from(["rug", "tea"]), steps),
)
histories = st.lists(made, max_size=4, unique_by=lambda pair: pair[0])


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, likes, histories)
