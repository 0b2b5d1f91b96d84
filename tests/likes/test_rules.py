"""The rules of a like, and what no history may break."""

import itertools
from uuid import UUID

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import likes
from domain.kernel import fold
from domain.likes import LikeReel, ReelLiked, ReelUnliked, ToggleLike, UnlikeReel, like_id
from tests.support.deciders import given
from tests.support.histories import history, stored

liked, unliked = ReelLiked("rug", "karim"), ReelUnliked("rug", "karim")
like, toggle = LikeReel("rug", "karim"), ToggleLike("rug", "karim")


def test_a_reel_is_liked_once():
    given(likes).when(like).then(liked)
    given(likes, liked).when(like).then()
    given(likes, liked, unliked).when(like).then(liked)


def test_a_like_is_taken_back_once():
    given(likes, liked).when(UnlikeReel()).then(unliked)
    given(likes, liked, unliked).when(UnlikeReel()).then()
    given(likes).when(UnlikeReel()).then()


def test_a_toggle_is_the_other_way_each_time():
    given(likes).when(toggle).then(liked)
    given(likes, liked).when(toggle).then(unliked)
    given(likes, liked, unliked).when(toggle).then(liked)


commands = st.lists(st.sampled_from([like, UnlikeReel(), toggle]), max_size=20)


@for_all(commands)
def test_in_any_history_it_is_liked_if_and_only_if_that_was_said_last(commands):
    past = history(likes, commands)
    kinds = [type(event) for event in past]

    assert stored(likes, past) == past
    assert kinds == [ReelLiked, ReelUnliked] * (len(past) // 2) + [ReelLiked] * (len(past) % 2)
    assert fold(likes, past).liked == (kinds[-1:] == [ReelLiked])
    assert {(event.reel, event.viewer) for event in past} <= {("rug", "karim")}


@for_all(commands)
def test_after_any_history_two_toggles_lead_back(commands):
    past = history(likes, commands)
    there = history(likes, [toggle], past)
    back = history(likes, [toggle], there)

    assert (len(there), len(back)) == (len(past) + 1, len(past) + 2)
    assert fold(likes, there).liked != fold(likes, past).liked
    assert fold(likes, back).liked == fold(likes, past).liked


@for_all(commands, st.sampled_from([(like, True), (UnlikeReel(), False)]))
def test_after_any_history_the_last_word_holds_and_twice_is_no_news(commands, said):
    command, wanted = said
    past = history(likes, [*commands, command])
    assert fold(likes, past).liked is wanted
    assert history(likes, [command], past) == past


@for_all(st.lists(st.tuples(st.uuids(), st.text(max_size=8)), max_size=6, unique=True))
def test_each_viewer_and_reel_have_one_like_and_no_two_share_one(pairs):
    ids = [like_id(str(reel), viewer) for reel, viewer in pairs]
    assert ids == [like_id(str(reel), viewer) for reel, viewer in pairs]
    assert all(one != other for one, other in itertools.combinations(ids, 2))
    assert all(str(UUID(id)) == id for id in ids)
