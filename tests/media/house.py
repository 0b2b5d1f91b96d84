"""Uploads from end to end, as a seller's page makes them."""

import asyncio
import base64
from contextlib import asynccontextmanager

from adapters.log.tail import read_after
from adapters.media import keys
from adapters.media.worker import Worker
from adapters.postgres.pools import borrow
from application.commands import Commands
from domain import media
from tests.policies.market import call
from tests.support.patience import PATIENCE
from tests.support.s3 import send


class House:
    """``api`` of a fresh Souk whose tenant no one else has."""

    def __init__(self, api, tenant):
        self.api, self.souk, self.tenant = api, api.souk, tenant
        self.amina, self.basma = self.of("seller", "amina"), self.of("seller", "basma")
        self.root = self.of("admin", "root")

    def of(self, role, user):
        return self.api.of(role, user, self.tenant)

    async def request(self, client=None, **wanted):
        made = await (client or self.amina).post("/media", {"kind": "image"} | wanted)
        assert made.status_code == 201, made.text
        return made.json()

    async def upload(self, content, client=None, **wanted):
        """Asked for, sent and confirmed; the asset's id."""
        form = await self.request(client, **wanted)
        sent = await send(form, content)
        assert sent.status_code == 204, sent.text
        done = await (client or self.amina).post(f"/media/{form['id']}/confirm")
        assert done.status_code == 200, done.text
        return form["id"]

    async def inline(self, content, kind="image/png"):
        text = base64.b64encode(content).decode()
        return await self.amina.post("/media/inline", {"data": f"data:{kind};base64,{text}"})

    async def crop(self, id, left):
        """Ask for the part of 300 by 200 that begins so far from the left, and see it wanted."""
        crop = {"left": left, "top": 0, "width": 300, "height": 200}
        cropped = await self.amina.post(f"/media/{id}/crop", {"crop": crop})
        assert cropped.status_code == 200, cropped.text
        await self.now(f"/media/{id}", cropped)

    async def settled(self, id):
        """What came of it, once no worker is to do anything more with it: the upload goes after the
        log has what was made of it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = await self.root.get(f"/media/{id}")
                asset = found.json() if found.status_code == 200 else {"waits": True}
                done = not asset["waits"] and asset["status"] != "requested"
                if done and keys.upload(self.tenant, id) not in await self.objects():
                    return asset
                await asyncio.sleep(0.05)

    async def now(self, path, after, client=None):
        """The answer once it shows that command."""
        return await (client or self.root).get(path, after=after.json()["position"])

    async def state(self, id):
        return await Commands(self.souk.log).peek(call(tenant=self.tenant), media, id)

    async def happened(self, *kinds):
        async with borrow(self.souk.project) as db:
            past = await read_after(db, 0, 100_000)
        return [r for r in past if isinstance(r.event, kinds)]

    async def usage(self):
        """As all that has happened leaves it."""
        after = await self.souk.positions.head()
        return (await self.root.get("/storage/usage", after=after)).json()

    async def objects(self):
        """The keys of all that the tenant has in the bucket."""
        bucket = self.souk.objects
        return set(await asyncio.to_thread(bucket._under, f"{self.tenant}/"))

    async def kept(self):
        """Bytes of all that the tenant has in the bucket."""
        return sum([(await self.souk.objects.stat(key)).size for key in await self.objects()])


@asynccontextmanager
async def worker(house, objects=None, concurrency=2):
    stop = asyncio.Event()
    souk = house.souk
    working = Worker(souk.settings.postgres_url, souk.log, objects or souk.objects, concurrency)
    task = asyncio.create_task(working.run(stop))
    try:
        yield working
    finally:
        stop.set()
        await task
