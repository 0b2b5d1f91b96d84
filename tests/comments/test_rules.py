"""The rules of a comment, and what no history may break."""

from datetime import UTC, datetime

from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import comments
from domain.comments import (
    LONGEST,
    AddComment,
    CommentAdded,
    CommentRemoved,
    CommentRestored,
    RemoveComment,
    RestoreComment,
)
from domain.kernel import ERASED, Personal, fold
from tests.support.deciders import given
from tests.support.histories import history, stored


def say(text, author="karim"):
    return AddComment("rug", author, Personal(author, text))


def said(text, author="karim"):
    return CommentAdded("rug", author, Personal(author, text))


removed = CommentRemoved("rug", "author", "")


def test_a_comment_is_made_once():
    given(comments).when(say("Does it shrink?")).then(said("Does it shrink?"))
    given(comments, said("x")).when(say("y")).rejected("comments.comment_exists")
    given(comments, said("x"), removed).when(say("y")).rejected("comments.comment_exists")


def test_a_comment_says_something_in_at_most_500_characters():
    given(comments).when(say("x")).then(said("x"))
    given(comments).when(say("ع" * LONGEST)).then(said("ع" * LONGEST))
    given(comments).when(say("x" * (LONGEST + 1))).rejected("comments.too_long")
    for empty in ("", " ", " \n\t\u00a0\u2003"):
        given(comments).when(say(empty)).rejected("comments.empty")


def test_a_comment_shows_something():
    for blank in "\u200b\u2060\ufeff\u00ad\u202e\u115f\u1160\u2800\u3164\uffa0":
        given(comments).when(say(blank)).rejected("comments.empty")
        given(comments).when(say(f" {blank}\n{blank} ")).rejected("comments.empty")
        given(comments).when(say(f"{blank}x")).then(said(f"{blank}x"))
    family, new = "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001fa99"
    for shown in (
        family,
        new,
        "\U0001fae9",
        "\u2764\ufe0f",
        "\u0301",
        ".",
        "\ud55c",
        "\u1112\u1161",
    ):
        given(comments).when(say(shown)).then(said(shown))


def test_a_comment_is_removed_once_and_it_is_kept_who_did_and_why():
    remove = RemoveComment("staff", "insult")
    given(comments, said("x")).when(remove).then(CommentRemoved("rug", "staff", "insult"))
    given(comments, said("x"), removed).when(remove).then()
    given(comments).when(remove).rejected("comments.unknown_comment")
    for words in ("Ana lied", "x" * 41, "é", "spam\n"):
        told = given(comments, said("x")).when(RemoveComment("author", words))
        told.rejected("comments.reason_malformed")


def test_a_comment_whose_words_were_erased_is_still_one_and_is_removed_as_ever():
    erased = CommentAdded("rug", "karim", Personal("karim", box=ERASED))
    assert fold(comments, [erased]).author == "karim"
    given(comments, erased).when(RemoveComment("author")).then(removed)


def test_a_comment_is_restored_by_whoever_removed_it_and_staff_overrule_a_seller():
    day, words = datetime(2024, 5, 16, tzinfo=UTC), Personal("karim", "x")
    for remover in ("author", "seller", "staff"):
        gone = said("x"), CommentRemoved("rug", remover, "")
        for by in ("author", "seller", "staff"):
            back = RestoreComment(by, words, 7, day)
            if by == remover or (by, remover) == ("staff", "seller"):
                restored = CommentRestored("rug", "karim", words, 7, day)
                given(comments, *gone).when(back).then(restored)
                given(comments, *gone, restored).when(back).then()
            else:
                given(comments, *gone).when(back).rejected("comments.removed_by_other")
    erased = RestoreComment("author", Personal("karim", box=ERASED), 7, day)
    given(comments, said("x"), removed).when(erased).rejected("comments.erased")


texts = st.sampled_from(["", " ", "x", "Does it shrink?", "x" * LONGEST, "x" * (LONGEST + 1)])
saying = st.builds(say, texts | st.text(max_size=20), st.sampled_from(["karim", "basma"]))
removing = st.builds(
    RemoveComment, st.sampled_from(["author", "seller", "staff"]), st.sampled_from(["", "rude"])
)
commands = st.lists(saying | removing, max_size=8)


@for_all(commands)
def test_any_history_is_one_comment_and_at_most_one_removal(commands):
    past = history(comments, commands)
    comment = fold(comments, past)

    assert stored(comments, past) == past
    assert [type(event) for event in past] == [CommentAdded, CommentRemoved][: len(past)]
    assert (comment.exists, comment.removed) == (len(past) > 0, len(past) > 1)
    for event in past[:1]:
        assert 1 <= len(event.text.text) <= LONGEST
        assert event.text.text.strip()
        assert event.text.subject == event.author == comment.author


@for_all(commands, commands)
def test_whatever_is_tried_a_removed_comment_stays_removed(before, after):
    past = history(comments, [*before, say("x"), RemoveComment("seller")])
    assert fold(comments, past).removed
    assert history(comments, after, past) == past
