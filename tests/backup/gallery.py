"""Pictures that come and go, and what there should be of them."""

from datetime import UTC, datetime

from adapters.backup.named import named
from adapters.backup.source import looking
from adapters.log.tail import head
from adapters.media.purging import Idle, Purging
from tests.media.house import House, worker
from tests.support.pictures import picture


class Gallery:
    """``seen``: the bytes of every object that ever was in the bucket, by key."""

    def __init__(self, town, tenant="bazaar"):
        self.house, self.tenant, self.seen = House(town.api, tenant), tenant, {}
        self.town, self._made = town, 0

    async def stored(self, user="amina"):
        """Sent, and seen by no worker yet; its id."""
        self._made += 1
        self.house.amina = self.house.of("seller", user)
        made = await self.house.inline(picture(90, 60, self._made, ".png"))
        assert made.status_code == 201, made.text
        self.town.at = max(self.town.at, made.json()["position"])
        await self.look()
        return made.json()["id"]

    async def rendered(self, *ids):
        async with worker(self.house):
            for id in ids:
                asset = await self.house.settled(id)
                assert asset["status"] == "rendered", asset
        await self.look()

    async def purge(self, id):
        state = await self.house.state(id)
        souk, version = self.house.souk, len(await self._past(id))
        async with looking(souk.settings.postgres_url) as db:
            purging = Purging(db, souk.log, souk.objects, self.tenant, "root")
            assert await purging.purge(Idle(id, version, state.sha256, None, datetime.now(UTC)))

    async def _past(self, id):
        stream = f"{self.tenant}/media/{id}"
        return (await self.house.souk.log.read(self.tenant, [stream]))[stream]

    async def head(self):
        """Where the log stands now."""
        async with looking(self.house.souk.settings.postgres_url) as db:
            self.town.at = await head(db)
        return self.town.at

    async def look(self):
        bucket = self.house.souk.objects
        for key in await self.house.objects():
            self.seen[key] = b"".join([part async for part in bucket.read(key)])

    async def named(self, until=2**62):
        async with looking(self.house.souk.settings.postgres_url) as db:
            return [each async for each in named(db, until)]


async def contents(objects):
    """What a bucket holds, by key."""
    return {
        key: b"".join([part async for part in objects.read(key)]) for key in await objects.under("")
    }
