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
from application.ports import Call, Log
from domain import media
from domain.media import Asset

_OWNED = (
    "SELECT stream FROM log.events WHERE tenant = %s AND tag = 'media.upload_requested'"
    " AND position(%s IN data) > 0 ORDER BY stream"
)


async def owned(db: Connection, log: Log, tenant: str, subject: str) -> dict[str, Asset]:
    """Their assets by id, but those that are purged."""
    cursor = await db.execute(_OWNED, (tenant, b'"owner":' + json.encode(subject)))
    streams = [stream for (stream,) in await cursor.fetchall()]
    pasts = await log.read(tenant, streams) if streams else {}
    assets = {
        stream.split("/", 2)[2]: reduce(media.evolve, (r.event for r in past), media.EMPTY)
        for stream, past in pasts.items()
    }
    return {id: asset for id, asset in assets.items() if asset.status != "purged"}


async def purge_files(
    db: Connection, log: Log, objects: Objects, tenant: str, subject: str, actor: str
) -> int:
    """How many assets. Raises Unavailable."""
    commands, done = Media(Commands(log)), 0
    purging = Purging(db, log, objects, tenant, actor)
    for id, asset in (await owned(db, log, tenant, subject)).items():
        for place in (*asset.attached, *asset.withheld):
            await commands.change(_call(tenant, actor), id, None, media.Release(place))
        version = len((await log.read(tenant, [f"{tenant}/media/{id}"]))[f"{tenant}/media/{id}"])
        idle = Idle(id, version, asset.sha256, None, datetime.now(UTC))
        done += await purging.purge(idle)
    await purging.finish()
    return done


def _call(tenant: str, actor: str) -> Call:
    id = uuid4()
    return Call(tenant, actor, id, id)
