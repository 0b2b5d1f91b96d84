"""Events as the log tells them, an hour apart."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from adapters.log.codec import tag_of
from domain.kernel import Recorded

START = datetime(2026, 1, 1, tzinfo=UTC)
ID = UUID(int=1)


def told(*happened):
    """``happened``: (context/id, event)."""
    found, versions = [], {}
    for position, (place, event) in enumerate(happened, 1):
        stream, at = f"bazaar/{place}", START + timedelta(hours=position - 1)
        versions[stream] = versions.get(stream, 0) + 1
        envelope = (stream, versions[stream], position, tag_of(type(event)), ID, at, at)
        found.append(Recorded("bazaar", *envelope, "ana", ID, None, ID, event))
    return found
