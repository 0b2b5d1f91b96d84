"""A real S3 server, and multipart uploads to it as a browser sends them."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from adapters.embedded.home import Home
from adapters.embedded.seaweed import Seaweed
from adapters.media.objects import Objects
from application.ports import Unavailable
from tests.support.patience import PATIENCE


@asynccontextmanager
async def running_s3() -> AsyncIterator[Seaweed]:
    """Its ``url``; it takes uploads already."""
    folder = Path(tempfile.mkdtemp(prefix="souk-s3-"))
    home = Home(folder)
    home.hold()
    server = Seaweed(home)
    try:
        await server.start()
        await awake(server.url)
        yield server
    finally:
        await server.child.stop()
        home.free()
        shutil.rmtree(folder, ignore_errors=True)


async def awake(url: str) -> None:
    """It answers long before it can keep anything."""
    objects = Objects(url)
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await objects.put("awake", b"yes", "text/plain")
                break
            except Unavailable:
                await asyncio.sleep(0.2)
    objects.close()


async def send(form: dict, content: bytes, **changed: str) -> httpx.Response:
    """``form``: what POST /media answered; ``changed``: fields that are sent otherwise."""
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        fields = form["fields"] | changed
        return await client.post(form["url"], data=fields, files={"file": ("a.jpg", content)})
