"""Comments: under what is shown; gone again by their author, the reel's seller or staff."""

from application.commands import Commands
from application.gathered import visible
from application.ports import Answer, Call, Forbidden, Missing, Receipt
from application.work import Work, stream_of
from domain import comments, reels
from domain.comments import AddComment, Comment, CommentAdded, RemoveComment, RestoreComment
from domain.kernel import Personal, Rejected
from domain.reels import Reel


class Comments:
    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    async def add(self, call: Call, id: str, reel: str, text: str) -> Receipt:
        async def attempt(work: Work) -> Answer:
            work.begin((comments, id))
            await visible(work, reel)
            said = Personal(call.actor, text)
            await work.decide(comments, id, AddComment(reel, call.actor, said))
            return work.receipt(comments, id)

        return await self._commands.run(call, Receipt, attempt)

    async def remove(
        self, call: Call, id: str, owner: str | None, reel: str, reason: str = ""
    ) -> Receipt:
        """``owner``: who wants it gone, its author or the reel's seller; None for staff."""

        async def attempt(work: Work) -> Answer:
            comment: Comment = await work.load(comments, id)
            if comment.reel != reel:
                raise Missing("comments.unknown_comment")
            under: Reel = await work.load(reels, reel)
            by = _by(owner, call.actor, comment, under)
            await work.decide(comments, id, RemoveComment(by, reason))
            return work.receipt(comments, id)

        return await self._commands.run(
            call, Receipt, attempt, [stream_of(call.tenant, comments, id)]
        )

    async def restore(self, call: Call, id: str, owner: str | None, reel: str) -> Receipt:
        """Back to where it stood. ``owner``: as in ``remove``."""

        async def attempt(work: Work) -> Answer:
            comment: Comment = await work.load(comments, id)
            if comment.reel != reel:
                raise Missing("comments.unknown_comment")
            under: Reel = await work.load(reels, reel)
            if under.status == "purged":
                raise Rejected("reels.purged", "there is nothing left to comment")
            by = _by(owner, call.actor, comment, under)
            added = (await self._commands.past(call, comments, [id]))[id][0]
            assert isinstance(added.event, CommentAdded)
            said = added.event.text
            if not said.erased:
                said = Personal(comment.author, said.text)
            back = RestoreComment(by, said, added.position, added.occurred_at)
            await work.decide(comments, id, back)
            return work.receipt(comments, id)

        return await self._commands.run(
            call, Receipt, attempt, [stream_of(call.tenant, comments, id)]
        )


def _by(owner: str | None, actor: str, comment: Comment, reel: Reel) -> str:
    if comment.author in (owner, actor):
        return "author"
    if reel.seller in (owner, actor):
        return "seller"
    if owner is None:
        return "staff"
    raise Forbidden("comments.not_yours")
