"""Comments: what people say under a reel."""

from typing import assert_never

from domain.kernel import Command, Event, Personal, Rejected, Value

LONGEST = 500  # characters


class AddComment(Command):
    reel: str
    author: str
    text: Personal


class RemoveComment(Command):
    """``by``: author, seller or staff."""

    by: str
    reason: str = ""


class CommentAdded(Event, tag="comments.comment_added"):
    reel: str
    author: str
    text: Personal


class CommentRemoved(Event, tag="comments.comment_removed"):
    reel: str
    by: str
    reason: str


COMMANDS = AddComment | RemoveComment
EVENTS = CommentAdded | CommentRemoved


class Comment(Value):
    """``reel`` is empty while there is no such comment."""

    reel: str = ""
    author: str = ""
    removed: bool = False

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
            if not comment.exists:
                raise Rejected("comments.unknown_comment")
            return [] if comment.removed else [CommentRemoved(comment.reel, by, reason)]
        case _:
            assert_never(command)


def _check(text: Personal) -> None:
    if not text.text.strip():
        raise Rejected("comments.empty", "say something")
    if len(text.text) > LONGEST:
        raise Rejected("comments.too_long", f"at most {LONGEST} characters")


def evolve(comment: Comment, event: EVENTS) -> Comment:
    match event:
        case CommentAdded(reel=reel, author=author):
            return Comment(reel, author)
        case CommentRemoved():
            return Comment(comment.reel, comment.author, True)
        case _:
            assert_never(event)
