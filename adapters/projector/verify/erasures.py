"""Whoever the log says is erased must have no key any more: a crash may have come in between."""

from collections.abc import Iterable

from adapters.log.codec import tag_of
from adapters.log.erased import Whom
from adapters.log.rows import Row
from adapters.projector.verify.difference import Difference, Found
from domain.erasures import SubjectErased

_TAG = tag_of(SubjectErased)


class Erasures:
    """``whom``: whose key is destroyed."""

    def __init__(self, whom: Whom, found: Found) -> None:
        self._whom, self._found = whom, found

    def follow(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if row.tag == _TAG:
                subject = row.stream.split("/", 2)[2]
                if (row.tenant, subject) not in self._whom:
                    what = "is said to be erased, and is not yet; erase them again"
                    self._found(Difference("keys.subjects", row.tenant, subject, what))
