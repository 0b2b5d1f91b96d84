"""The end of assets that nothing shows: said in the log first, then their files are erased.

A crash in between leaves a dropped object, which the next run erases. The object's lock keeps a
worker from putting the same bytes meanwhile.
"""

from datetime import datetime
from functools import reduce
from uuid import uuid4

from msgspec import Struct

from adapters.media import keys
from adapters.media.locks import alone
from adapters.media.objects import Objects
from adapters.postgres.pools import Connection
from application.commands import Commands
from application.media import Media
from application.ports import Call, Log, Origin
from application.storage import Storage
from application.work import stream_of
from domain import storage
from domain.kernel import Rejected
from domain.storage import Store

_IDLE = (
    "SELECT id, (body ->> 'version')::bigint, body ->> 'sha256', (body ->> 'size')::bigint,"
    " changed_at FROM (SELECT id, changed_at, convert_from(body, 'UTF8')::jsonb AS body"
    " FROM read.media_assets WHERE tenant = %s AND NOT kept AND status <> 'purged'"
    " AND changed_at < %s) idle ORDER BY changed_at, id"
)
_DROPPED = "SELECT id FROM read.storage_dropped WHERE tenant = %s ORDER BY id"


class Idle(Struct, frozen=True):
    """An asset that nothing shows. ``since``: its last change; ``size``: bytes of its upload."""

    id: str
    version: int
    sha256: str | None
    size: int | None
    since: datetime


async def idle(db: Connection, tenant: str, before: datetime) -> list[Idle]:
    """Those that have not changed since ``before``, longest first."""
    cursor = await db.execute(_IDLE, (tenant, before))
    return [Idle(*row) for row in await cursor.fetchall()]


class Purging:
    """``actor``: whoever runs it, as the log is to know them."""

    def __init__(self, db: Connection, log: Log, objects: Objects, tenant: str, actor: str) -> None:
        self._db, self._log, self._objects = db, log, objects
        self._tenant, self._actor = tenant, actor
        self._media, self._storage = Media(Commands(log)), Storage(Commands(log))

    async def purge(self, asset: Idle) -> bool:
        """Whether it is gone; one that has changed since it was seen stays."""
        if asset.sha256 is None:
            return await self._said(asset)
        async with alone(self._db, self._tenant, asset.sha256):
            gone = await self._said(asset)
            await self._erase(asset.sha256)
        return gone

    async def again(self, id: str, sha256: str | None) -> None:
        """Erase what a run left that had purged this asset."""
        await self._objects.remove(keys.upload(self._tenant, id))
        if sha256 is not None:
            async with alone(self._db, self._tenant, sha256):
                await self._erase(sha256)

    async def finish(self) -> None:
        """Erase what earlier runs dropped and left."""
        cursor = await self._db.execute(_DROPPED, (self._tenant,))
        for (sha256,) in await cursor.fetchall():
            async with alone(self._db, self._tenant, sha256):
                await self._erase(sha256)

    async def _said(self, asset: Idle) -> bool:
        try:
            await self._media.purge(self._call(), asset.id, asset.version)
        except Rejected:
            return False
        await self._objects.remove(keys.upload(self._tenant, asset.id))
        return True

    async def _erase(self, sha256: str) -> None:
        """If the log says that nobody holds it."""
        stream = stream_of(self._tenant, storage, sha256)
        past = (await self._log.read(self._tenant, [stream]))[stream]
        store: Store = reduce(storage.evolve, (r.event for r in past), storage.EMPTY)
        if store.dropped:
            await self._objects.remove_under(keys.all_of(self._tenant, sha256))
            await self._storage.erased(self._call(), sha256)

    def _call(self) -> Call:
        id = uuid4()
        return Call(self._tenant, self._actor, id, id, origin=Origin("cli"))
