"""A person's uploads: let go of by what shows them, purged in the log, then erased.

An object that somebody else has uploaded too stays, since it is held by theirs.
"""

from datetime import UTC, datetime
from functools import reduce
from uuid import uuid4

from msgspec import json

from adapters.media.objects import Objects
from adapters.media.purging import Idle, Purging
from adapters.postgres.pools import Connection
from application.commands import Commands
from application.media import Media
from application.ports import Call, Log, Unavailable
from domain import media
from domain.media import Asset

ROUNDS = 20  # looks at what has changed since the last one, before somebody is to ask again
_OWNED = (
    "SELECT stream FROM log.events WHERE tenant = %s AND tag = 'media.upload_requested'"
    " AND position(%s IN data) > 0 ORDER BY stream"
)


async def owned(db: Connection, log: Log, tenant: str, subject: str) -> dict[str, Asset]:
    """Their assets by id, but those that are purged."""
    found = await _assets(db, log, tenant, subject)
    return {id: asset for id, (asset, _) in found.items() if asset.status != "purged"}


async def _assets(
    db: Connection, log: Log, tenant: str, subject: str
) -> dict[str, tuple[Asset, int]]:
    """All, with their versions."""
    cursor = await db.execute(_OWNED, (tenant, b'"owner":' + json.encode(subject)))
    streams = [stream for (stream,) in await cursor.fetchall()]
    pasts = await log.read(tenant, streams) if streams else {}
    return {
        stream.split("/", 2)[2]: (
            reduce(media.evolve, (r.event for r in past), media.EMPTY),
            len(past),
        )
        for stream, past in pasts.items()
    }


async def purge_files(
    db: Connection, log: Log, objects: Objects, tenant: str, subject: str, actor: str
) -> int:
    """How many assets. Raises Unavailable, also when they change all the time."""
    purging, done = Purging(db, log, objects, tenant, actor), 0
    for _ in range(ROUNDS):
        assets = await _assets(db, log, tenant, subject)
        left = {id: found for id, found in assets.items() if found[0].status != "purged"}
        if not left:
            for id, (asset, _) in assets.items():
                await purging.again(id, asset.sha256)
            return done
        for id, found in left.items():
            done += await _purge(purging, Media(Commands(log)), _call(tenant, actor), id, *found)
    raise Unavailable("media")


async def _purge(
    purging: Purging, commands: Media, call: Call, id: str, asset: Asset, version: int
) -> bool:
    """Whether it went; not if it has changed since that version."""
    places = (*asset.attached, *asset.withheld)
    for place in places:
        await commands.change(_call(call.tenant, call.actor), id, None, media.Release(place))
    now = datetime.now(UTC)
    return await purging.purge(Idle(id, version + len(places), asset.sha256, None, now))


def _call(tenant: str, actor: str) -> Call:
    id = uuid4()
    return Call(tenant, actor, id, id)
