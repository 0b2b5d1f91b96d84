"""What the drills share: a market on a Postgres and a bucket of its own, that was backed up."""

import asyncio
import itertools
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from adapters.backup import secrets
from adapters.backup.archive import Archive
from adapters.backup.pushing import Pushing
from adapters.backup.source import Source, looking
from adapters.backup.taking import take
from adapters.embedded.stack import Stack
from adapters.embedded.urls import Urls
from adapters.media import sending
from adapters.media.objects import Objects
from adapters.schema import establish
from entrypoints.instance import settings_of
from projections import PROJECTIONS
from tests.backup.gallery import Gallery
from tests.erasures.town import Town
from tests.support.http import running_api

PREFIX = "instances/one/"


@pytest.fixture(scope="session")
def others(stack, s3):
    """All servers but Postgres; each instance has a bucket of its own."""

    def of(bucket):
        return Urls(valkey=stack.valkey_url, nats=stack.nats_url, s3=f"{s3}/{bucket}")

    return of


@pytest.fixture
def breaking(monkeypatch):
    """The line to the S3 server: every third request finds it broken."""
    monkeypatch.setattr(sending, "PAUSE", 0)
    requests, send = itertools.count(1), sending.Sending.send

    def sends(self, data):
        if data.startswith((b"GET /", b"HEAD /", b"PUT /")) and not next(requests) % 3:
            raise ConnectionResetError
        send(self, data)

    monkeypatch.setattr(sending.Sending, "send", sends)


@pytest.fixture(scope="session")
def instance(stack):
    @asynccontextmanager
    async def running(directory, others):
        """An embedded Postgres and a Souk on it."""
        servers = Stack(directory, others)
        async with servers as urls:
            settings = settings_of(servers.home, urls)
            await establish(settings.postgres_url, PROJECTIONS)
            own = {
                name: getattr(settings, name)
                for name in ("master_key", "signing_key_pem", "secret", "receipts", "s3_url")
            }
            async with running_api(stack, settings.postgres_url, **own) as api:
                yield Town(api), settings

    return running


@pytest.fixture(scope="session")
async def history(instance, others, s3, tmp_path_factory):
    """What came before the backups, after them, and after the moment to go back to."""
    folder = tmp_path_factory.mktemp("drill")
    home, backups = folder / "old", folder / "backups"
    async with instance(home, others("drill-old")) as (town, settings):
        archive = Archive(Objects(f"{s3}/drill-backups"), PREFIX)
        await town.open()
        for user in ("ana", "bob"):
            await town.join(user)
        first = await town.buy("ana")
        gallery = Gallery(town)
        before, gone = [await gallery.stored() for _ in range(2)]
        await gallery.rendered(before, gone)
        keys = secrets.load(home)
        known = secrets.fingerprint(keys), secrets.fingerprint_of_secret(keys)
        bucket = town.api.souk.objects
        source = Source(settings.postgres_url, bucket, home, settings.receipts, *known)
        pushing = Pushing(source, archive, "s3://drill-backups/instances/one")
        backup = await take(source, backups, keep=2)
        far, _ = await pushing.take(keep=2)
        await gallery.purge(gone)
        late, doomed, hers = [await gallery.stored(user) for user in ("amina", "amina", "ana")]
        await gallery.rendered(late, doomed, hers)
        between = await town.buy("bob")
        waiting = await gallery.stored()
        position = await gallery.head()
        await town.settled()
        answers = await town.answers()
        named = await gallery.named()
        await asyncio.sleep(0.05)
        moment = datetime.now(UTC)
        await asyncio.sleep(0.05)
        async with looking(settings.postgres_url) as db:
            await source.arrivals.catch_up(db)
        newest = await gallery.stored()
        await gallery.rendered(waiting, newest)
        await gallery.purge(doomed)
        last = await town.buy("bob")
        await town.erase("ana")
        await pushing.catch_up()
        latest, lost = await gallery.named(), await gallery.head()
    yield {
        "folder": folder,
        "tea": town.tea,
        "lost": lost,
        "home": home,
        "backup": backup,
        "archive": archive,
        "far": far,
        "moment": moment,
        "orders": (first, between, last),
        "pictures": {
            "before": before,
            "gone": gone,
            "late": late,
            "doomed": doomed,
            "hers": hers,
            "waiting": waiting,
            "newest": newest,
        },
        "seen": gallery.seen,
        "named": named,
        "latest": latest,
        "answers": answers,
        "position": position,
    }
    archive.objects.close()
