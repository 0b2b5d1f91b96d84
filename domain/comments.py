"""Comments: what people say under a reel."""

import re
import unicodedata
from datetime import datetime
from typing import assert_never

from domain.kernel import Command, Event, Personal, Rejected, Value, but

LONGEST = 500  # characters
REASON = re.compile(r"[a-z_]{0,40}", re.ASCII)
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")  # not Cn: new emoji are unknown before Python is new
FILLERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and a symbol that show nothing


class AddComment(Command):
    reel: str
    author: str
    text: Personal


class RemoveComment(Command):
    """``by``: author, seller or staff. ``reason``: a code, since what people write is sealed."""

    by: str
    reason: str = ""


class RestoreComment(Command):
    """``by``: as in RemoveComment. ``text``, ``place`` and ``said_at`` are what it had: read rows
    forget what is removed."""

    by: str
    text: Personal
    place: int  # the position of comments.comment_added
    said_at: datetime


class PurgeComment(Command):
    """For good: what was removed does not come back."""


class CommentAdded(Event, tag="comments.comment_added"):
    reel: str
    author: str
    text: Personal


class CommentRemoved(Event, tag="comments.comment_removed"):
    reel: str
    by: str
    reason: str


class CommentRestored(Event, tag="comments.comment_restored"):
    reel: str
    author: str
    text: Personal
    place: int
    said_at: datetime


class CommentPurged(Event, tag="comments.comment_purged"):
    pass


COMMANDS = AddComment | RemoveComment | RestoreComment | PurgeComment
EVENTS = CommentAdded | CommentRemoved | CommentRestored | CommentPurged


class Comment(Value):
    """``reel`` is empty while there is no such comment. ``by``: who removed it."""

    reel: str = ""
    author: str = ""
    removed: bool = False
    by: str = ""
    purged: bool = False

    @property
    def exists(self) -> bool:
        return self.reel != ""


EMPTY = Comment()


def decide(comment: Comment, command: COMMANDS) -> list[EVENTS]:
    match command:
        case AddComment(reel=reel, author=author, text=text):
            if comment.exists:
                raise Rejected("comments.comment_exists")
            _check(text)
            return [CommentAdded(reel, author, text)]
        case RemoveComment(by=by, reason=reason):
            _check_there(comment)
            if not REASON.fullmatch(reason):
                raise Rejected("comments.reason_malformed", "up to 40 letters of a-z and _")
            return [] if comment.removed else [CommentRemoved(comment.reel, by, reason)]
        case RestoreComment():
            return _restore(comment, command)
        case PurgeComment():
            return _purge(comment)
        case _:
            assert_never(command)


def _check_there(comment: Comment) -> None:
    if not comment.exists:
        raise Rejected("comments.unknown_comment")
    if comment.purged:
        raise Rejected("comments.purged", "it is gone for good")


def _restore(comment: Comment, back: RestoreComment) -> list[EVENTS]:
    """By whoever removed it; staff also overrule a seller, but nobody the author."""
    _check_there(comment)
    if not comment.removed:
        return []
    if back.by != comment.by and (back.by, comment.by) != ("staff", "seller"):
        raise Rejected("comments.removed_by_other", f"it was removed by its {comment.by}")
    if back.text.erased:
        raise Rejected("comments.erased", "nobody knows any more what it said")
    about = comment.reel, comment.author
    return [CommentRestored(*about, back.text, back.place, back.said_at)]


def _purge(comment: Comment) -> list[EVENTS]:
    if not comment.exists:
        raise Rejected("comments.unknown_comment")
    if not comment.removed:
        raise Rejected("comments.not_removed", "remove the comment first")
    return [] if comment.purged else [CommentPurged()]


def _check(text: Personal) -> None:
    if not any(map(_is_seen, text.text)):
        raise Rejected("comments.empty", "say something")
    if len(text.text) > LONGEST:
        raise Rejected("comments.too_long", f"at most {LONGEST} characters")


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in UNSEEN and character not in FILLERS


def evolve(comment: Comment, event: EVENTS) -> Comment:
    match event:
        case CommentAdded(reel=reel, author=author):
            return Comment(reel, author)
        case CommentRemoved(by=by):
            return but(comment, removed=True, by=by)
        case CommentRestored():
            return but(comment, removed=False, by="")
        case CommentPurged():
            return but(comment, purged=True)
        case _:
            assert_never(event)
