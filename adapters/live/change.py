"""One change of a document, as the projector published it, and where changes are told."""

import msgspec


class Change(msgspec.Struct, frozen=True, gc=False):
    """A document that changed: `seq` orders the changes of its projection by commit.

    `topic` is `<context>.<id>[.<filter>…]`; `document` is JSON, b"null" when it is gone.
    `first`: there was no such document before. `late`: the projection had already
    passed `position` when the change was written, so whoever resumed by position has
    gone by it.
    """

    projection: str
    seq: int
    tenant: str
    topic: str
    position: int
    document: bytes
    first: bool = False
    late: bool = False

    @property
    def id(self) -> str:
        """The document's id: the second token of the topic."""
        return self.topic.split(".", 2)[1]


ID = 1  # the token of a topic that is the document's id


class Where(msgspec.Struct, frozen=True, gc=False):
    """Which changes: those of a context (token 0), or with `value` as that token.

    Token 1 is the document's id, 2 and on are the topic's filter tokens.
    """

    projection: str
    context: str
    token: int = 0
    value: str = ""

    def holds(self, change: Change) -> bool:
        """Is the change one of these? Its tenant is not looked at."""
        if change.projection != self.projection:
            return False
        tokens = change.topic.split(".")
        if tokens[0] != self.context:
            return False
        if self.token == 0:
            return True
        return len(tokens) > self.token and tokens[self.token] == self.value
