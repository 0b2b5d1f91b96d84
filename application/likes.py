"""Likes: one for each viewer and reel, whoever else likes it at the same time."""

from msgspec import Struct

from application.commands import Commands
from application.gathered import visible
from application.ports import Answer, Call
from application.work import Work, stream_of
from domain import likes
from domain.likes import Like, like_id


class Liked(Struct, frozen=True, gc=False):
    """As a Receipt, and whether the viewer likes it now."""

    id: str
    version: int
    position: int
    liked: bool


class Likes:
    """The viewer is whoever calls. What they liked they may take back, shown or not."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def like(self, call: Call, reel: str) -> Liked:
        return await self._change(call, reel, likes.LikeReel(reel, call.actor))

    async def unlike(self, call: Call, reel: str) -> Liked:
        return await self._change(call, reel, likes.UnlikeReel())

    async def toggle(self, call: Call, reel: str) -> Liked:
        return await self._change(call, reel, likes.ToggleLike(reel, call.actor))

    async def _change(self, call: Call, reel: str, command: likes.COMMANDS) -> Liked:
        id = like_id(reel, call.actor)

        async def attempt(work: Work) -> Answer:
            like: Like = await work.load(likes, id)
            if not like.liked:
                await visible(work, reel)
            await work.decide(likes, id, command)
            like = await work.load(likes, id)
            version, liked = work.version(likes, id), like.liked
            return lambda recorded: Liked(id, version, work.landed(recorded), liked)

        return await self._commands.run(call, Liked, attempt, [stream_of(call.tenant, likes, id)])
