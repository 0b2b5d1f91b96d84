"""Likes: what one viewer thinks of one reel, in a stream of its own: a reel that thousands like
at once is no place where they meet."""

from typing import assert_never
from uuid import UUID, uuid5

from domain.kernel import Command, Event, Value


class LikeReel(Command):
    reel: str
    viewer: str


class UnlikeReel(Command):
    pass


class ToggleLike(Command):
    """Like it, or take that back."""

    reel: str
    viewer: str


class ReelLiked(Event, tag="likes.reel_liked"):
    reel: str
    viewer: str


class ReelUnliked(Event, tag="likes.reel_unliked"):
    reel: str
    viewer: str


COMMANDS = LikeReel | UnlikeReel | ToggleLike
EVENTS = ReelLiked | ReelUnliked


class Like(Value):
    """``reel`` is empty until the viewer first likes it."""

    reel: str = ""
    viewer: str = ""
    liked: bool = False


EMPTY = Like()


def like_id(reel: str, viewer: str) -> str:
    """The one of that reel and viewer."""
    return str(uuid5(UUID(reel), viewer))


def decide(like: Like, command: COMMANDS) -> list[EVENTS]:
    match command:
        case LikeReel(reel=reel, viewer=viewer):
            return [] if like.liked else [ReelLiked(reel, viewer)]
        case UnlikeReel():
            return [ReelUnliked(like.reel, like.viewer)] if like.liked else []
        case ToggleLike(reel=reel, viewer=viewer):
            return decide(like, UnlikeReel() if like.liked else LikeReel(reel, viewer))
        case _:
            assert_never(command)


def evolve(like: Like, event: EVENTS) -> Like:
    match event:
        case ReelLiked(reel=reel, viewer=viewer):
            return Like(reel, viewer, True)
        case ReelUnliked(reel=reel, viewer=viewer):
            return Like(reel, viewer, False)
        case _:
            assert_never(event)
